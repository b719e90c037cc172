/**
 * How far a message of ours got: positions of the other participants against positions of entries.
 *
 * Not known here: where the positions come from, and how they are shown.
 */

/** One person's positions in a thread: both only ever move forward. */
export interface Mark {
  readonly delivered: number;
  readonly read: number;
}

/** Positions of the people of one thread, by user in hexadecimal. */
export type Marks = ReadonlyMap<string, Mark>;

/** Takes a newer report; one that goes back changes nothing. */
export function moved(marks: Marks, user: string, report: Mark): Marks {
  const known = marks.get(user) ?? { delivered: 0, read: 0 };
  const read = Math.max(known.read, report.read);
  // Whoever read it has it.
  const delivered = Math.max(known.delivered, report.delivered, read);
  if (read === known.read && delivered === known.delivered) return marks;
  return new Map(marks).set(user, { delivered, read });
}

/** What became of entry `n`, which the server has. The first list that is not empty counts. */
export function reached(
  marks: Marks,
  self: string,
  n: number,
): { readonly delivered: string[]; readonly read: string[] } {
  const delivered: string[] = [];
  const read: string[] = [];
  for (const [user, mark] of marks) {
    if (user === self) continue;
    if (mark.read >= n) read.push(user);
    if (mark.delivered >= n) delivered.push(user);
  }
  return { delivered, read };
}

/** Entries whose state differs between two reports of one person: above the old position, up to the new one. */
export function touched(
  before: Mark | undefined,
  after: Mark | undefined,
): { readonly from: number; readonly to: number } {
  const low = Math.min(before?.delivered ?? 0, before?.read ?? 0);
  const high = Math.max(after?.delivered ?? 0, after?.read ?? 0);
  return { from: low + 1, to: high };
}
