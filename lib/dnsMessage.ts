import { isIPv4 } from "node:net";

/** The supported record types (https://www.iana.org/assignments/dns-parameters). */
export const recordType = { A: 1, NS: 2, CNAME: 5, SOA: 6 } as const;

/** The supported fields of a record. */
export interface DnsRecord {
  /** The owner, in lower case and without the final dot. */
  readonly name: string;
  readonly type: number;
  /** A: the address; NS and CNAME: the target; SOA: the zone's primary server. Undefined for other types. */
  readonly data?: string | undefined;
}

/** A DNS message (RFC 1035, section 4). */
export interface DnsMessage {
  readonly id: number;
  readonly isResponse: boolean;
  /** Whether the server is authoritative for the zone. */
  readonly isAuthoritative: boolean;
  /** 0: no error, 3: the name does not exist, 5: refused. */
  readonly code: number;
  readonly question: { readonly name: string; readonly type: number };
  readonly answers: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
}

const internet = 1;
const ttl = 60;
const longestLabel = 63;

/** A query for an authoritative server of a zone, without recursion. */
export function question(id: number, name: string, type: number): DnsMessage {
  const none = { answers: [], authority: [], additional: [] };
  return {
    ...{ id, isResponse: false, isAuthoritative: false, code: 0 },
    ...{ question: { name, type }, ...none },
  };
}

/**
 * A message in wire format.
 *
 * @throws RangeError when a name has an empty or too long label
 */
export function encodeMessage(message: DnsMessage): Buffer {
  const { id, isResponse, isAuthoritative, code, answers, authority, additional } = message;
  const flags = (isResponse ? 0x8000 : 0) | (isAuthoritative ? 0x0400 : 0) | code;
  const sections = [answers, authority, additional];
  const counts = [1, ...sections.map(({ length }) => length)];
  return Buffer.concat([
    numbers(id, flags, ...counts),
    encodeName(message.question.name),
    numbers(message.question.type, internet),
    ...sections.flat().map(encodeRecord),
  ]);
}

/**
 * Reads a message.
 *
 * @throws RangeError when the bytes are not a DNS message
 */
export function decodeMessage(bytes: Buffer): DnsMessage {
  const [id, flags] = [bytes.readUInt16BE(0), bytes.readUInt16BE(2)];
  const [name, afterName] = decodeName(bytes, 12);
  const type = bytes.readUInt16BE(afterName);
  let at = afterName + 4;
  const section = (counter: number): DnsRecord[] =>
    Array.from({ length: bytes.readUInt16BE(counter) }, () => {
      const [owner, start] = decodeName(bytes, at);
      const ownType = bytes.readUInt16BE(start);
      const data = start + 10;
      at = data + bytes.readUInt16BE(start + 8);
      return { name: owner, type: ownType, data: decodeData(bytes, ownType, data) };
    });
  return {
    id,
    isResponse: (flags & 0x8000) !== 0,
    isAuthoritative: (flags & 0x0400) !== 0,
    code: flags & 0x000f,
    question: { name, type },
    answers: section(6),
    authority: section(8),
    additional: section(10),
  };
}

function encodeRecord({ name, type, data = "" }: DnsRecord): Buffer {
  const encoded = encodeData(type, data);
  return Buffer.concat([
    encodeName(name),
    numbers(type, internet, 0, ttl, encoded.length),
    encoded,
  ]);
}

function encodeData(type: number, data: string): Buffer {
  switch (type) {
    case recordType.A:
      return Buffer.from(data.split(".").map(Number));
    case recordType.SOA:
      // Primary server, mailbox, serial number, and the four intervals.
      return Buffer.concat([encodeName(data), encodeName(""), Buffer.alloc(20)]);
    default:
      return encodeName(data);
  }
}

function decodeData(bytes: Buffer, type: number, at: number): string | undefined {
  switch (type) {
    case recordType.A: {
      const address = [...bytes.subarray(at, at + 4)].join(".");
      return isIPv4(address) ? address : undefined;
    }
    case recordType.NS:
    case recordType.CNAME:
    case recordType.SOA:
      return decodeName(bytes, at)[0];
    default:
      return undefined;
  }
}

function encodeName(name: string): Buffer {
  const labels = name === "" ? [] : name.split(".").map((label) => Buffer.from(label, "latin1"));
  if (labels.some(({ length }) => length === 0 || length > longestLabel)) {
    throw new RangeError(`${name} is not a DNS name`);
  }
  return Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([label.length]), label]),
    Buffer.from([0]),
  ]);
}

/** A name, and the offset after it. */
function decodeName(bytes: Buffer, start: number): [string, number] {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  for (;;) {
    const length = bytes.readUInt8(at);
    if (length === 0) {
      return [labels.join(".").toLowerCase(), end ?? at + 1];
    }
    if ((length & 0xc0) === 0xc0) {
      // The rest of the name is at an earlier offset: a pointer forward could be a cycle.
      const target = bytes.readUInt16BE(at) & 0x3fff;
      if (target >= at) {
        throw new RangeError("a name in the DNS message has an invalid pointer");
      }
      end ??= at + 2;
      at = target;
    } else {
      labels.push(bytes.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
  }
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, index) => bytes.writeUInt16BE(value, 2 * index));
  return bytes;
}
