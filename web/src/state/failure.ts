/** From whatever was thrown to a failure with words. */
import type { Failure } from '../e2ee/api';

const KINDS: readonly string[] = ['refused', 'hostile', 'offline', 'local'] satisfies Failure['kind'][];

/** Whether something thrown is a failure that the worker described. */
export function isFailure(thrown: unknown): thrown is Failure {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    'kind' in thrown &&
    'code' in thrown &&
    typeof thrown.kind === 'string' &&
    KINDS.includes(thrown.kind)
  );
}

/** A failure for anything that was thrown. */
export function toFailure(thrown: unknown): Failure {
  return isFailure(thrown) ? thrown : { kind: 'local', code: 'platform' };
}

/** The value, or the failure. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; why: Failure };

/** Turns a call of the worker into a value that must be looked at. */
export async function outcome<T>(call: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await call };
  } catch (thrown) {
    return { ok: false, why: toFailure(thrown) };
  }
}
