import type { Id } from '#domain/id.ts';

export type NodeId = Id<'Node'>;

/** A process that verifies credentials against this database, and how far it has applied what others changed. */
export type Node = {
  readonly id: NodeId;
  /** For people: machine and process. */
  readonly name: string;
  readonly sequence: number;
  /** How long it believes what it remembers while it hears nothing. */
  readonly staleMsMax: number;
};
export type NodeState = Node & {
  /** Since it last said so, by the clock of the database. */
  readonly silentMs: number;
};

export interface NodeReads {
  /** By name. Those that were killed stand here too, ever longer silent. */
  list(): Promise<readonly NodeState[]>;
}

export interface NodeWrites {
  /** That it lives, and how far it is. */
  seen(node: Node): Promise<void>;
  leave(id: NodeId): Promise<void>;
}
