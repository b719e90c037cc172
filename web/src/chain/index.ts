/**
 * Signed chains: what people signed about their keys, their teams, their units and their threads, and the validator
 * that every client runs over it. The same decisions and error codes as the server's, held by `vectors/chain-*.json`.
 *
 * How it is used:
 *
 * - Ids and hashes are lower-case hexadecimal text (`Hex`, see `wire/bytes`); keys, boxes and signatures are bytes.
 * - A {@link Directory} holds verified chains and answers {@link Facts}. Feed it links in order with
 *   `userLink`/`keyringLink`/`unitLink` (mode `'replay'`). A `ChainError` with reason `UnknownSigner`,
 *   `UnknownKeyring`, `UnknownCapacity`, `UnknownUnit` or `UnknownGeneration` means that another chain has to be
 *   fetched first; every other one is a refusal. Check pins with `chain.tail.checkPin`.
 * - A {@link ThreadState} folds entries: `append(directory, bytes, 'replay')`, then {@link expectAt} with the position
 *   and head the server told. `bytes` are an envelope: make it with `Signed.whole(core, payload, sig).toBytes()` (or
 *   `Signed.stub` where the payload was withheld). Call `directory.putHead`/`putSeen` with what was applied, so that
 *   later anchors and ids can be compared. `state.roster` says who takes part, `roster.phase` whether one may write,
 *   `roster.nextRecipients`/`staleRecipients` what the next epoch must be sealed to.
 * - To write: `state.draft(…)` makes the core, `signMessage`/`signControl` the envelope; `state.clone()` lets a run of
 *   drafts be checked with mode `{ nowMs }` before it is sent.
 * - {@link encodeSnapshot}/{@link decodeSnapshot} keep a thread's verified state; the digest belongs in the pins.
 *
 * Methods that verify are asynchronous (WebCrypto). Several may run at once: of two objects for the same place the slower is
 * refused, and nothing half verified is ever asked about.
 *
 * Not known here: seeds, plaintext, clocks, sockets, storage.
 */
export * from './control';
export * from './directory';
export * from './entry';
export * from './envelope';
export * from './error';
export * from './facts';
export * from './hash';
export * from './head';
export * from './keyring';
export * from './keyring_body';
export * from './keys';
export * from './link';
export * from './party';
export { Roster, type EpochState, type InviteFor, type OpenInvite, type Participant } from './roster';
export * from './sign';
export * from './snapshot';
export * from './thread';
export * from './unit';
export * from './user';
export * from './user_body';
