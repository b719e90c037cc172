/**
 * Messages on their way: written, sealed, sent, acknowledged.
 *
 * A draft keeps its local id for ever. A sealed batch is one exact byte string under one idempotency key: it is sent
 * again unchanged until an answer comes, so nothing is lost or doubled by a lost connection, a lost answer or a
 * closed page. When the server answers that what the batch builds on has changed, the batch is taken apart and, unless
 * its messages turn out to be in the thread, sealed anew with new message ids and a new key, at most {@link RESEAL_MAX}
 * times. One batch per thread is under way at a time: order within a thread is the order of writing. What is refused
 * for good stays, visible, until the person sends it again or discards it.
 *
 * Contract: what is reported by `written` and `sealed` is durable *before* it is reported; the records of the
 * effects may be stored a little later, because losing one only repeats what the server recognizes.
 *
 * Not known here: keys, how a message is sealed, sockets, storage, clocks.
 */

import { ERROR_CODE } from '../wire/gen/wire';
import type { Append, Refusal } from '../wire/gen/wire';
import { isOff } from '../wire/mutations';
import {
  DRAFTS_PER_APPEND,
  OUTBOX_DRAFTS_MAX,
  RESEAL_MAX,
  RESEND_AFTER_MS,
  SENDING_MAX,
  SENT_AS_MAX,
} from './limits';

/** Why a draft cannot be sent: the server's refusal, or what stands in the way here. */
export interface Why {
  readonly kind: 'refused' | 'hostile' | 'offline' | 'local';
  readonly code: number | string;
}

/** A message as its author wrote it, before sealing. */
export interface Draft {
  /** Local id; never leaves the device. */
  readonly id: string;
  /** Where it goes, in hexadecimal. */
  readonly thread: string;
  /** Position among all drafts of the device: they are sealed in this order. */
  readonly order: number;
  /** The encoded body. */
  readonly body: Uint8Array;
  /** Files that must be on the server before it is sealed, in hexadecimal. */
  readonly blobs: readonly string[];
  /** Server time of the writing, ms since 1970. */
  readonly at: number;
  /** Why it was refused for good, if it was. */
  readonly refused: Why | null;
  /** Messages it was sent as in requests that came to nothing, as far as was heard: one may have arrived all the same. */
  readonly sent?: readonly string[];
}

/** Drafts of a thread sealed into one exact request. */
export interface Batch {
  readonly thread: string;
  readonly drafts: readonly string[];
  /** The ids of their messages, in the same order. */
  readonly messages: readonly string[];
  readonly append: Append;
}

/** What changed in storage. */
export type Record =
  /** The sealed request of a thread is sent for nobody. */
  | { readonly t: 'unsealed'; readonly thread: string }
  /** Drafts are done with, and the batch they were in. */
  | { readonly t: 'done'; readonly thread: string; readonly drafts: readonly string[] }
  /** A draft was taken back before it was in a request. */
  | { readonly t: 'discarded'; readonly draft: string }
  /** Drafts changed: refused for good, or to be sealed again. A batch they were in is gone. */
  | { readonly t: 'changed'; readonly thread: string; readonly drafts: readonly Draft[] };

/** What became of a request. */
export type Answer =
  | { readonly t: 'accepted' }
  | { readonly t: 'refused'; readonly refusal: Refusal }
  /** It was not sent, or no answer came. */
  | { readonly t: 'lost' }
  /** What the server answered, or showed of what it answered about, is a lie: nothing is sent on the strength of it. */
  | { readonly t: 'doubted'; readonly why: Why };

export type Input =
  /** A durable draft. */
  | { readonly t: 'written'; readonly draft: Draft }
  /** The first of the drafts asked for were sealed into this durable batch. */
  | { readonly t: 'sealed'; readonly batch: Batch }
  /** The drafts cannot be sealed: now (they are tried again), or, with a reason, for good. */
  | { readonly t: 'unsealable'; readonly thread: string; readonly why: Why | null }
  | { readonly t: 'answered'; readonly thread: string; readonly answer: Answer }
  /** These, refused or being sealed, are in the thread: a request of before had arrived, whatever was said of it. */
  | { readonly t: 'arrived'; readonly thread: string; readonly drafts: readonly string[] }
  /** A refused draft goes once more. */
  | { readonly t: 'retry'; readonly draft: string }
  /** A draft is not wanted any more. One that is being sealed, or may have arrived, cannot be taken back. */
  | { readonly t: 'discard'; readonly draft: string }
  /** A connection came back: whatever waits for it goes now. */
  | { readonly t: 'hurry' }
  /** Time passed. */
  | { readonly t: 'timeout' };

export type Effect =
  | { readonly t: 'store'; readonly record: Record }
  /** Seal these drafts, in this order, and report `sealed` or `unsealable`. */
  | { readonly t: 'seal'; readonly thread: string; readonly drafts: readonly Draft[] }
  /** Send this request as it is and report `answered`. */
  | { readonly t: 'send'; readonly batch: Batch }
  | { readonly t: 'accepted'; readonly thread: string; readonly drafts: readonly string[] }
  | {
      readonly t: 'refused';
      readonly thread: string;
      readonly drafts: readonly string[];
      readonly why: Why;
    };

type Stage =
  | { readonly t: 'idle' }
  | { readonly t: 'sealing'; readonly drafts: readonly string[] }
  | { readonly t: 'ready'; readonly batch: Batch }
  | { readonly t: 'underway'; readonly batch: Batch };

interface Lane {
  readonly queue: readonly Draft[];
  readonly stage: Stage;
  readonly reseals: number;
  readonly notBefore: number;
}

export interface OutboxState {
  readonly lanes: ReadonlyMap<string, Lane>;
  /** Refused for good, by id. */
  readonly refused: ReadonlyMap<string, Draft>;
  readonly nextOrder: number;
}

export interface Step {
  readonly state: OutboxState;
  readonly effects: readonly Effect[];
}

const IDLE: Stage = { t: 'idle' };
const EMPTY: Lane = { queue: [], stage: IDLE, reseals: 0, notBefore: 0 };

/** An outbox from what storage kept. */
export function restore(drafts: readonly Draft[], batches: readonly Batch[]): OutboxState {
  const lanes = new Map<string, Lane>();
  const refused = new Map<string, Draft>();
  let nextOrder = 1;
  for (const draft of [...drafts].sort((a, b) => a.order - b.order)) {
    nextOrder = Math.max(nextOrder, draft.order + 1);
    if (draft.refused) refused.set(draft.id, draft);
    else lanes.set(draft.thread, withDraft(lanes.get(draft.thread), draft));
  }
  for (const batch of batches) {
    const lane = lanes.get(batch.thread);
    const known = lane && batch.drafts.every((id, at) => lane.queue[at]?.id === id);
    if (lane && known) lanes.set(batch.thread, { ...lane, stage: { t: 'ready', batch } });
  }
  return { lanes, refused, nextOrder };
}

/** Whether it takes no more drafts. */
export function isFull(state: OutboxState): boolean {
  return waiting(state).length + state.refused.size >= OUTBOX_DRAFTS_MAX;
}

/** Drafts that are not acknowledged and not refused, in the order of writing. */
export function waiting(state: OutboxState): Draft[] {
  return [...state.lanes.values()].flatMap((lane) => lane.queue).sort((a, b) => a.order - b.order);
}

/** Drafts of a thread, refused ones too, in the order of writing. */
export function ofThread(state: OutboxState, thread: string): Draft[] {
  const refused = [...state.refused.values()].filter((draft) => draft.thread === thread);
  return [...(state.lanes.get(thread)?.queue ?? []), ...refused].sort((a, b) => a.order - b.order);
}

/** The request of a thread that is under way, or waits to go again; null: none is. */
export function batchOf(state: OutboxState, thread: string): Batch | null {
  const stage = state.lanes.get(thread)?.stage;
  return stage?.t === 'ready' || stage?.t === 'underway' ? stage.batch : null;
}

/** When to give `timeout` next; null: not before another input. */
export function wake(state: OutboxState, now: number): number | null {
  const times = [...state.lanes.values()]
    .filter(
      (lane) =>
        lane.queue.length > 0 &&
        (lane.stage.t === 'idle' || lane.stage.t === 'ready') &&
        lane.notBefore > now,
    )
    .map((lane) => lane.notBefore);
  return times.length === 0 ? null : Math.min(...times);
}

/** Takes one input. */
export function step(state: OutboxState, now: number, input: Input): Step {
  const changed = take(state, now, input);
  const began = beginWork(changed.state, now);
  return { state: began.state, effects: [...changed.effects, ...began.effects] };
}

function take(state: OutboxState, now: number, input: Input): Step {
  switch (input.t) {
    case 'written': {
      const { draft } = input;
      const nextOrder = Math.max(state.nextOrder, draft.order + 1);
      return quiet({
        ...withLane(state, draft.thread, withDraft(state.lanes.get(draft.thread), draft)),
        nextOrder,
      });
    }
    case 'sealed':
      return sealed(state, input.batch);
    case 'unsealable':
      return unsealable(state, now, input.thread, input.why);
    case 'answered':
      return answered(state, now, input.thread, input.answer);
    case 'arrived':
      return arrived(state, input.thread, input.drafts);
    case 'retry':
      return retry(state, input.draft);
    case 'discard':
      return discard(state, input.draft);
    case 'hurry': {
      const lanes = [...state.lanes].map(([thread, lane]): [string, Lane] => [
        thread,
        { ...lane, notBefore: 0 },
      ]);
      return quiet({ ...state, lanes: new Map(lanes) });
    }
    case 'timeout':
      return quiet(state);
  }
}

/** Begins whatever may begin now. */
function beginWork(state: OutboxState, now: number): Step {
  const lanes = new Map(state.lanes);
  const effects: Effect[] = [];
  let busy = [...lanes.values()].filter(
    (lane) => lane.stage.t === 'underway' || lane.stage.t === 'sealing',
  ).length;
  for (const [thread, lane] of state.lanes) {
    if (busy >= SENDING_MAX) break;
    if (lane.queue.length === 0 || now < lane.notBefore) continue;
    if (lane.stage.t === 'ready') {
      lanes.set(thread, { ...lane, stage: { t: 'underway', batch: lane.stage.batch } });
      effects.push({ t: 'send', batch: lane.stage.batch });
      busy += 1;
    } else if (lane.stage.t === 'idle') {
      const drafts = lane.queue.slice(0, DRAFTS_PER_APPEND);
      lanes.set(thread, { ...lane, stage: { t: 'sealing', drafts: drafts.map((draft) => draft.id) } });
      effects.push({ t: 'seal', thread, drafts });
      busy += 1;
    }
  }
  return { state: { ...state, lanes }, effects };
}

function sealed(state: OutboxState, batch: Batch): Step {
  const lane = state.lanes.get(batch.thread);
  const asked = lane?.stage.t === 'sealing' && batch.drafts.every((id, at) => lane.queue[at]?.id === id);
  // Sealed for nobody: it is not sent, and must not be found by the next start either.
  if (!lane || !asked)
    return { state, effects: [{ t: 'store', record: { t: 'unsealed', thread: batch.thread } }] };
  return quiet(withLane(state, batch.thread, { ...lane, stage: { t: 'ready', batch } }));
}

function unsealable(state: OutboxState, now: number, thread: string, why: Why | null): Step {
  const lane = state.lanes.get(thread);
  if (lane?.stage.t !== 'sealing') return quiet(state);
  if (why) return giveUp(state, thread, lane.stage.drafts, why);
  return quiet(withLane(state, thread, { ...lane, stage: IDLE, notBefore: now + RESEND_AFTER_MS }));
}

function answered(state: OutboxState, now: number, thread: string, answer: Answer): Step {
  const lane = state.lanes.get(thread);
  if (lane?.stage.t !== 'underway') return quiet(state);
  const { batch } = lane.stage;
  if (answer.t === 'accepted') {
    const queue = lane.queue.filter((draft) => !batch.drafts.includes(draft.id));
    return {
      state: withLane(state, thread, { ...EMPTY, queue }),
      effects: [
        { t: 'store', record: { t: 'done', thread, drafts: batch.drafts } },
        { t: 'accepted', thread, drafts: batch.drafts },
      ],
    };
  }
  if (answer.t === 'doubted') return giveUp(state, thread, batch.drafts, answer.why, batch);
  if (answer.t === 'lost' || isTransient(answer.refusal.code)) {
    const after = answer.t === 'lost' ? RESEND_AFTER_MS : (answer.refusal.retry_after ?? RESEND_AFTER_MS);
    return quiet(withLane(state, thread, { ...lane, stage: { t: 'ready', batch }, notBefore: now + after }));
  }
  if (buildsOnThePast(answer.refusal) && (lane.reseals < RESEAL_MAX || isOff('H27'))) {
    // It may have been taken in all the same: its messages are looked for before they are sealed once more.
    const queue = lane.queue.map((draft) => ({ ...draft, ...sentIn(batch, draft) }));
    const drafts = queue.filter(({ id }) => batch.drafts.includes(id));
    return {
      state: withLane(state, thread, { ...lane, queue, stage: IDLE, reseals: lane.reseals + 1 }),
      effects: [{ t: 'store', record: { t: 'changed', thread, drafts } }],
    };
  }
  return giveUp(state, thread, batch.drafts, reason(answer.refusal), batch);
}

function arrived(state: OutboxState, thread: string, ids: readonly string[]): Step {
  const lane = state.lanes.get(thread) ?? EMPTY;
  const isSealing = lane.stage.t === 'sealing' && lane.stage.drafts.some((id) => ids.includes(id));
  const queue = lane.queue.filter((draft) => !ids.includes(draft.id));
  const refused = new Map([...state.refused].filter(([id]) => !ids.includes(id)));
  return {
    state: {
      ...withLane(state, thread, { ...lane, queue, reseals: 0, stage: isSealing ? IDLE : lane.stage }),
      refused,
    },
    effects: [
      ...ids.map((draft): Effect => ({ t: 'store', record: { t: 'discarded', draft } })),
      { t: 'accepted', thread, drafts: ids },
    ],
  };
}

function giveUp(
  state: OutboxState,
  thread: string,
  ids: readonly string[],
  why: Why,
  batch: Batch | null = null,
): Step {
  const lane = state.lanes.get(thread) ?? EMPTY;
  const given = lane.queue
    .filter((draft) => ids.includes(draft.id))
    .map((draft) => ({ ...draft, refused: why, ...sentIn(batch, draft) }));
  const queue = lane.queue.filter((draft) => !ids.includes(draft.id));
  const refused = new Map(state.refused);
  for (const draft of given) refused.set(draft.id, draft);
  return {
    state: { ...withLane(state, thread, { ...EMPTY, queue }), refused },
    effects: [
      { t: 'store', record: { t: 'changed', thread, drafts: given } },
      { t: 'refused', thread, drafts: ids, why },
    ],
  };
}

/** The messages a draft was sent as, the newest last. */
function sentIn(batch: Batch | null, { id, sent = [] }: Draft): Pick<Draft, 'sent'> {
  const message = batch?.messages[batch.drafts.indexOf(id)];
  return message === undefined ? {} : { sent: [...sent, message].slice(-SENT_AS_MAX) };
}

/** A server that calls what is built on stale, again and again, and serves nothing newer, lies (attack H27). */
function reason(refusal: Refusal): Why {
  if (refusal.code === ERROR_CODE.Stale) return { kind: 'hostile', code: 'H27' };
  return { kind: 'refused', code: refusal.code };
}

/** A refused draft goes to the end: what was written after it has been sent meanwhile. */
function retry(state: OutboxState, id: string): Step {
  const draft = state.refused.get(id);
  if (!draft) return quiet(state);
  const again: Draft = { ...draft, refused: null, order: state.nextOrder };
  const refused = new Map(state.refused);
  refused.delete(id);
  const lane = withDraft(state.lanes.get(draft.thread), again);
  return {
    state: { ...withLane(state, draft.thread, lane), refused, nextOrder: state.nextOrder + 1 },
    effects: [{ t: 'store', record: { t: 'changed', thread: draft.thread, drafts: [again] } }],
  };
}

function discard(state: OutboxState, id: string): Step {
  const gone = state.refused.get(id);
  if (gone) {
    const refused = new Map(state.refused);
    refused.delete(id);
    return { state: { ...state, refused }, effects: [{ t: 'store', record: { t: 'discarded', draft: id } }] };
  }
  for (const [thread, lane] of state.lanes) {
    if (!lane.queue.some((draft) => draft.id === id)) continue;
    if (isBound(lane.stage, id)) return quiet(state);
    const queue = lane.queue.filter((draft) => draft.id !== id);
    return {
      state: withLane(state, thread, { ...lane, queue }),
      effects: [{ t: 'store', record: { t: 'discarded', draft: id } }],
    };
  }
  return quiet(state);
}

/** Whether a draft is being sealed, or in a request that may have arrived. */
function isBound(stage: Stage, id: string): boolean {
  if (stage.t === 'idle') return false;
  return (stage.t === 'sealing' ? stage.drafts : stage.batch.drafts).includes(id);
}

/** Whether the same bytes may succeed later without anybody doing anything else. */
export function isTransient(code: number): boolean {
  return (
    code === ERROR_CODE.Throttled ||
    code === ERROR_CODE.Overloaded ||
    code === ERROR_CODE.Unavailable ||
    code === ERROR_CODE.StorageFull ||
    code === ERROR_CODE.Internal
  );
}

/** Whether the same drafts, sealed anew on what is current, may be accepted: a newer epoch, keyring generation or
 * head, or a position in the chain (6xx) that moved on. A closed thread (601) is not one. */
export function buildsOnThePast(refusal: Refusal): boolean {
  const rule = refusal.chain_code;
  const moved = rule !== undefined && ((rule >= 602 && rule <= 613) || rule === 404);
  return (
    refusal.code === ERROR_CODE.Stale ||
    refusal.code === ERROR_CODE.Conflict ||
    refusal.code === ERROR_CODE.BoxMissing ||
    (refusal.code === ERROR_CODE.ChainRefused && moved)
  );
}

const quiet = (state: OutboxState): Step => ({ state, effects: [] });

function withDraft(lane: Lane | undefined, draft: Draft): Lane {
  const known = lane ?? EMPTY;
  return { ...known, queue: [...known.queue, draft] };
}

function withLane(state: OutboxState, thread: string, lane: Lane): OutboxState {
  const lanes = new Map(state.lanes);
  if (lane.queue.length === 0) lanes.delete(thread);
  else lanes.set(thread, lane);
  return { ...state, lanes };
}
