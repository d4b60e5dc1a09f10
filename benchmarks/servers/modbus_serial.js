// A server on modbus-serial: `node modbus_serial.js PORT IMAGE`; see libmodbus.c for the image.
const { ServerTCP } = require("modbus-serial");
const words = new Map();
for (const line of require("fs").readFileSync(process.argv[3], "utf8").split("\n")) {
  const [unit, address, word] = line.split(" ").map(Number);
  words.set(unit * 0x10000 + address, word);
}
const getHoldingRegister = (address, unit) => words.get(unit * 0x10000 + address) ?? 0;
new ServerTCP({ getHoldingRegister }, { host: "127.0.0.1", port: Number(process.argv[2]), unitID: 255 });
