import { createSocket } from "node:dgram";
import { once } from "node:events";
import { decodeMessage, encodeMessage, recordType } from "../../lib/dnsMessage.ts";

/**
 * A DNS server like a router's: it serves an IPv4 address for each name, and nothing else.
 *
 * @param addressOf the address of a name
 */
export async function startAddressServer(addressOf: (name: string) => string) {
  const socket = createSocket("udp4");
  socket.on("message", (bytes, { address, port }) => {
    const query = decodeMessage(bytes);
    const { name, type } = query.question;
    const answers = type === recordType.A ? [{ name, type, data: addressOf(name) }] : [];
    const rest = { isResponse: true, answers, authority: [], additional: [] };
    socket.send(encodeMessage({ ...query, ...rest }), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: () => {
      socket.close();
    },
  };
}
