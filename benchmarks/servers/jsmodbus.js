// A server on jsmodbus: `node jsmodbus.js PORT IMAGE`; see libmodbus.c for the image. It is the same at every unit.
const { server } = require("jsmodbus");
const sockets = new (require("net").Server)();
const holding = Buffer.alloc(0x20000);
for (const line of require("fs").readFileSync(process.argv[3], "utf8").trim().split("\n")) {
  const [, address, word] = line.split(" ").map(Number);
  holding.writeUInt16BE(word, 2 * address);
}
new server.TCP(sockets, { holding });
sockets.listen(Number(process.argv[2]), "127.0.0.1");
