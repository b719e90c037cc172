/**
 * Everything that can go wrong inside the worker, with the codes the page has words for.
 *
 * Not known here: the words.
 */

import { ChainError } from '../../chain/error';
import type { ChainErrorName } from '../../chain/error';
import { isOff } from '../../wire/mutations';
import type { CallError } from '../../core/link';
import type { Refusal } from '../../wire/gen/wire';
import type { Failure, HostileCode, LocalCode, OfflineCode } from '../api';

/** A failure inside the worker. Only its {@link Trouble.failure} crosses to the page. */
export class Trouble extends Error {
  override name = 'Trouble';
  readonly failure: Failure;
  /** The server's refusal, if it is one. */
  readonly refusal: Refusal | null;
  /** The broken rule of a chain, if one was broken. */
  readonly rule: ChainErrorName | null;

  constructor(failure: Failure, refusal: Refusal | null = null, rule: ChainErrorName | null = null) {
    super(`${failure.kind} ${failure.code}`);
    this.failure = failure;
    this.refusal = refusal;
    this.rule = rule;
  }

  /** Whether the same may succeed later by itself. */
  get isTransient(): boolean {
    return this.failure.kind === 'offline' || (this.refusal !== null && passes(this.refusal.code));
  }

  /** Whether it is an attack with this code, or any. */
  isHostile(code?: HostileCode): boolean {
    return this.failure.kind === 'hostile' && (code === undefined || this.failure.code === code);
  }

  /** Whether it is this local failure. */
  isLocal(code: LocalCode): boolean {
    return this.failure.kind === 'local' && this.failure.code === code;
  }
}

/** Codes that pass by themselves: throttled, overloaded, unavailable, storage full, internal. */
const PASSING = new Set([17, 50, 51, 52, 53]);
const passes = (code: number): boolean => PASSING.has(code);

/** The server's typed refusal. */
export function refused(refusal: Refusal): Trouble {
  const after = refusal.retry_after === undefined ? {} : { retryAfter: refusal.retry_after };
  return new Trouble({ kind: 'refused', code: refusal.code, ...after }, refusal);
}

/** An attack of the server or of a member. */
export function hostile(code: HostileCode, rule: ChainErrorName | null = null): Trouble {
  return new Trouble({ kind: 'hostile', code }, null, rule);
}

/** Holds the server, or a member, to something: if it does not hold, that is this attack. */
export function hold(holds: boolean, code: HostileCode): asserts holds {
  if (!holds && !isOff(code)) throw hostile(code);
}

/** No connection; tried again. */
export function offline(code: OfflineCode): Trouble {
  return new Trouble({ kind: 'offline', code });
}

/** This browser could not. */
export function local(code: LocalCode, rule: ChainErrorName | null = null): Trouble {
  return new Trouble({ kind: 'local', code }, null, rule);
}

/** Why a call on the connection has no answer. */
export function ofCall(error: CallError): Trouble {
  switch (error.t) {
    case 'refused':
      return refused(error.refusal);
    case 'notSent':
      return offline('unreachable');
    case 'lost':
      return offline('noAnswer');
    case 'undecodable':
      return local('protocol');
  }
}

/** The attack behind the validator's refusal of an entry of a thread. */
export function ofEntry(error: unknown): Trouble {
  return error instanceof ChainError ? hostile(entryAttack(error.reason), error.reason) : ofAny(error);
}

/** The attack behind the validator's refusal of a link of a chain. */
export function ofLink(error: unknown): Trouble {
  return error instanceof ChainError ? hostile(linkAttack(error.reason), error.reason) : ofAny(error);
}

/** What this device made does not pass the check that everybody will make: a bug, stopped before it was sent. */
export function ofOwn(error: unknown): Trouble {
  return error instanceof ChainError ? local('ownCheck', error.reason) : ofAny(error);
}

/** Anything else, as it may cross to the page. Nothing of an unexpected error's text does. */
export function ofAny(error: unknown): Trouble {
  if (error instanceof Trouble) return error;
  if (error instanceof ChainError) return hostile('H05', error.reason);
  if (isNamed(error, 'QuotaExceededError')) return local('storageFull');
  return local('platform');
}

/** What the page is told. */
export function toFailure(error: unknown): Failure {
  return ofAny(error).failure;
}

/** Whether an error of the platform has this name. */
export function isNamed(error: unknown, name: string): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === name;
}

function entryAttack(rule: ChainErrorName): HostileCode {
  switch (rule) {
    case 'Closed':
      return 'H12';
    case 'AseqReplayed':
    case 'MsgIdReused':
      return 'H09';
    case 'BadInvitationProof':
      return 'H28';
    case 'AseqGap':
    case 'WrongPosition':
      return 'H07';
    case 'AnchorAhead':
      return 'H08';
    case 'AnchorMismatch':
    case 'AnchorUnknown':
      return 'H10';
    case 'HeadMismatch':
      return 'H11';
    case 'EpochRecipients':
    case 'NotifyUnknown':
      return 'H13';
    case 'StaleEpoch':
    case 'EpochDue':
    case 'StaleGeneration':
    case 'GenerationGoesBack':
      return 'H14';
    default:
      // Whatever else is wrong with an entry makes it a forged one.
      return 'H06';
  }
}

function linkAttack(rule: ChainErrorName): HostileCode {
  const forked = rule === 'PinMismatch' || rule === 'PrevMismatch' || rule === 'SeqMismatch';
  return forked ? 'H03' : 'H05';
}
