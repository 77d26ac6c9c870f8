import {
  isAlias,
  isMap as isMapNode,
  isScalar,
  isSeq,
  type LineCounter,
  Scalar,
  type Document,
  type Node,
  type YAMLMap,
} from "yaml";
import { UserError } from "../../lib/errors.ts";

/** A place in a file; line and column count from one. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A key that occurs more than once in the same map. */
export interface RepeatedKey {
  readonly path: string;
  /** The lines with the key. */
  readonly lines: readonly number[];
}

/** The content of a YAML document. */
export interface ValuesTree {
  /** Undefined for an empty document. */
  readonly value: unknown;
  /** The place of each value, by its path; items of lists by number. */
  readonly places: ReadonlyMap<string, Place>;
  readonly repeated: readonly RepeatedKey[];
}

/**
 * The values in a YAML document as Helm's parser decodes them (go.yaml.in/yaml v2, decode.go): the last of repeated keys
 * is used, and keys merged with `<<` apply in the order of the keys.
 *
 * @param file its name, for messages; they contain nothing of the file
 * @throws UserError where an alias or a merge key is invalid
 */
export function valuesTree(
  document: Document.Parsed,
  lines: LineCounter,
  file: string,
): ValuesTree {
  const reader = new TreeReader(document, lines, file);
  const value = reader.value(document.contents, []);
  return { value, places: reader.places, repeated: reader.repeatedKeys() };
}

class TreeReader {
  readonly places = new Map<string, Place>();
  private readonly repeated = new Map<string, Set<number>>();
  private readonly document: Document.Parsed;
  private readonly lines: LineCounter;
  private readonly file: string;
  /** The targets of the aliases that are being resolved. */
  private readonly followed: Node[] = [];
  private readonly count = { all: 0, inAliases: 0 };

  constructor(document: Document.Parsed, lines: LineCounter, file: string) {
    this.document = document;
    this.lines = lines;
    this.file = file;
  }

  repeatedKeys(): RepeatedKey[] {
    return [...this.repeated].map(([path, lines]) => ({
      path,
      lines: [...lines].sort((a, b) => a - b),
    }));
  }

  value(node: unknown, path: readonly string[]): unknown {
    this.countNode(node);
    if (isAlias(node)) {
      return this.following(node, (target) => this.value(target, path));
    }
    if (isMapNode(node)) {
      const map: Record<string, unknown> = {};
      this.fill(map, node, path);
      return map;
    }
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const inside = [...path, String(index)];
        this.remember(inside, item);
        return this.value(item, inside);
      });
    }
    return isScalar(node) ? this.scalar(node) : undefined;
  }

  /** A scalar as in JSON; a whole number that a double cannot represent becomes the text of its digits. */
  private scalar(node: Scalar): unknown {
    if (typeof node.value === "number" && !Number.isFinite(node.value)) {
      throw this.failure(node, ".inf and .nan are valid only as text in quotes");
    }
    return typeof node.value === "bigint" ? String(node.value) : node.value;
  }

  private fill(map: Record<string, unknown>, node: YAMLMap, path: readonly string[]): void {
    const lineOf = new Map<string, number>();
    for (const { key, value } of node.items) {
      if (isMergeKey(key)) {
        this.merge(map, value, path);
        continue;
      }
      const name = this.keyName(key);
      const inside = [...path, name];
      const { line } = this.placeOf(key);
      const before = lineOf.get(name);
      if (before !== undefined) {
        const known = this.repeated.get(inside.join(".")) ?? new Set();
        this.repeated.set(inside.join("."), known.add(before).add(line));
      }
      lineOf.set(name, line);
      this.remember(inside, key);
      // A key such as __proto__ is an ordinary key.
      Object.defineProperty(map, name, {
        value: this.value(value, inside) ?? null,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
  }

  /** Of several maps in a list, the first one with a key is used. */
  private merge(map: Record<string, unknown>, node: unknown, path: readonly string[]): void {
    const mergeOne = (source: unknown) => {
      this.countNode(source);
      if (isAlias(source)) {
        this.following(source, (target) => {
          this.fill(map, this.mapToMerge(target, source), path);
        });
      } else {
        this.fill(map, this.mapToMerge(source, source), path);
      }
    };
    if (isSeq(node)) {
      node.items.toReversed().forEach(mergeOne);
    } else {
      mergeOne(node);
    }
  }

  private mapToMerge(target: unknown, source: unknown): YAMLMap {
    if (!isMapNode(target)) {
      throw this.failure(source, "a merge key (<<) needs a map, or a list of maps");
    }
    return target;
  }

  private following<T>(alias: Node & { source: string }, read: (target: Node) => T): T {
    const target = isAlias(alias) ? alias.resolve(this.document) : undefined;
    if (target === undefined) {
      throw this.failure(alias, "an alias (*) without an anchor (&) of its name before it");
    }
    if (this.followed.includes(target)) {
      throw this.failure(alias, "an alias (*) is inside its own anchor (&)");
    }
    this.followed.push(target);
    try {
      return read(target);
    } finally {
      this.followed.pop();
    }
  }

  /** The limit of Helm's parser, so that every file that Helm reads is accepted. */
  private countNode(node: unknown): void {
    const { count } = this;
    count.all++;
    if (this.followed.length > 0) {
      count.inAliases++;
    }
    if (
      count.inAliases > 100 &&
      count.all > 1000 &&
      count.inAliases / count.all > aliasShare(count.all)
    ) {
      throw this.failure(node, "its aliases (*) expand to too much content");
    }
  }

  private keyName(key: unknown): string {
    const node = isAlias(key) ? key.resolve(this.document) : key;
    if (!isScalar<string | number | boolean | null>(node)) {
      throw this.failure(key, "a key is not text");
    }
    return String(node.value);
  }

  private remember(path: readonly string[], node: unknown): void {
    if (this.followed.length === 0) {
      this.places.set(path.join("."), this.placeOf(node));
    }
  }

  private placeOf(node: unknown): Place {
    const [offset = 0] = (node as Node | null)?.range ?? [];
    const { line, col } = this.lines.linePos(offset);
    return { line, column: col };
  }

  private failure(node: unknown, what: string): UserError {
    const { line, column } = this.placeOf(node);
    return new UserError(
      `${this.file} is not YAML that Helm reads: line ${line}, column ${column} (${what}).`,
    );
  }
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.source === "<<" && key.type === Scalar.PLAIN;
}

/** The permitted share of aliases in a document, by its size (`allowedAliasRatio`). */
function aliasShare(size: number): number {
  const [small, large] = [400_000, 4_000_000];
  if (size <= small) {
    return 0.99;
  }
  return size >= large ? 0.1 : 0.99 - (0.89 * (size - small)) / (large - small);
}
