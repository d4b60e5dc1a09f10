/* A server on libmodbus: `libmodbus PORT IMAGE`. IMAGE has a line `unit address word` for each register that is not 0. */
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define UNITS 256
#define UNIT_AT 6

int main(int count, char **arguments)
{
    static modbus_mapping_t *units[UNITS];
    unsigned unit, address, word;
    FILE *image = count == 3 ? fopen(arguments[2], "r") : NULL;
    if (image == NULL)
        return 2;
    while (fscanf(image, "%u %u %u", &unit, &address, &word) == 3) {
        if (unit >= UNITS || address > 0xFFFF)
            return 2;
        if (units[unit] == NULL)
            units[unit] = modbus_mapping_new(0, 0, 0x10000, 0);
        units[unit]->tab_registers[address] = (uint16_t)word;
    }
    fclose(image);
    modbus_t *link = modbus_new_tcp("127.0.0.1", atoi(arguments[1]));
    int listening = modbus_tcp_listen(link, 4);
    if (listening < 0)
        return 1;
    for (;;) {
        uint8_t request[MODBUS_TCP_MAX_ADU_LENGTH];
        int length;
        modbus_tcp_accept(link, &listening);
        while ((length = modbus_receive(link, request)) != -1)
            if (length > 0 && units[request[UNIT_AT]] != NULL)
                modbus_reply(link, request, length, units[request[UNIT_AT]]);
        close(modbus_get_socket(link));
    }
}
