/**
 * Everything that holds a secret: seeds, boxes, passwords, vaults, message keys, file keys. Used in the worker only. Held
 * to the other implementation by `vectors/e2ee-*.json`, the same tests in Node and in Chromium.
 *
 * Ids and hashes are hexadecimal text, secrets are `Uint8Array` that their owner wipes (`fill(0)`; `wipe` where an object
 * holds them); what goes to the server (`ChainLink`, `SealedBox`, `Vault`, `Wrap`) has the types of the wire. Refusals are
 * {@link E2eeError} (7xx–9xx) or `ChainError` (1xx–6xx); nothing else is thrown for bytes from outside.
 *
 * - the password: {@link Registering}, {@link SigningIn} (a second of one core each);
 * - the account: {@link createAccount}, {@link Account}, {@link RecoveryCode}, {@link Opener};
 * - keyrings: {@link openCurrent}, {@link createKeyring}, {@link addMember}, {@link rotateKeyring}; {@link Seeds} walk back;
 * - threads: {@link firstEpoch}, {@link epochDue}, {@link nextEpoch}, {@link ThreadKeys}; messages: {@link sealMessage},
 *   {@link openMessage}, {@link Body};
 * - files: {@link Encryptor}, {@link Decryptor};
 * - {@link openKeyIndex}, {@link sealKeyIndex}, {@link openPins}, {@link sealPins}; {@link safetyNumber}.
 *
 * A new thread, in order: fetch and verify the chains of everybody's keyrings into a `Directory`; `firstEpoch(thread,
 * targetsOf(directory, keyrings))`; stage its boxes; `new ThreadState(thread).draft('create', …)` with author
 * `{ user, chainSeq: account.chainSeq, capacity: null }`; `signControl`; check it on a `ThreadState` of one's own with
 * `{ nowMs }`; then a `sealMessage` on the state after it; both in one `Append`.
 *
 * Not known here: who may do what (`chain/`), and how anything travels.
 */
export * from './account';
export * from './body';
export * from './error';
export * from './files';
export * from './generations';
export { derive, random, LABEL } from './kdf';
export * from './keyring';
export * from './limits';
export * from './message';
export * from './objects';
export * from './opaque';
export * from './recovery';
export * from './safety';
export * from './sealed';
export * from './thread';
export * from './vault';
export * from './wrap';
