import type { Invoke } from '#contract/invoke.ts';
import type { Instant } from '#domain/instant.ts';
import type { Sensitive } from '#domain/sensitive.ts';

export type Out = { readonly isTerminal: boolean; write(text: string): void };

/** What a command may touch. main gives it, so this room knows no process, no file system and no network. */
export type Here = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: Out;
  readonly err: Out;
  readonly stdin: { readonly isTerminal: boolean; text(): Promise<string> };
  /** Where a person can be asked something; undefined where nobody sits there. */
  readonly ask: Ask | undefined;
  readonly profile: ProfileFile;
  readonly files: Files;
  readonly now: () => Instant;
  invokeOver(host: string, key: Sensitive): Invoke;
};

/** A person at a terminal. Each refuses when they break off. */
export type Ask = {
  /** What is typed is shown nowhere, not even how much. */
  secret(message: string): Promise<string>;
  /** No is what Enter says. */
  confirm(message: string): Promise<boolean>;
  choose<Value extends string>(message: string, choices: Readonly<Record<Value, string>>): Promise<Value>;
  line(message: string): Promise<string>;
};

export type ProfileFile = {
  readonly path: string;
  /** Undefined where there is none; refused where others could read or change it. */
  read(): string | undefined;
  /** All of it or nothing, for its owner's eyes only. */
  write(text: string): void;
  /** Whether there was one. */
  remove(): boolean;
};

export type Files = {
  read(path: string): string;
  /** Refused where something is there already. Its place is taken, and room on the disk, before anything else happens. */
  make(path: string): NewFile;
};
export type NewFile = { keep(text: string): void; discard(): void };
