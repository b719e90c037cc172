/**
 * What a failed act of cryptography says about the server, or about the person's input.
 *
 * Not known here: the cryptography.
 */

import { ChainError } from '../../chain/error';
import { isOff } from '../../wire/mutations';
import { E2eeError } from '../error';
import type { Trouble } from './errors';
import { hostile, local, ofAny } from './errors';

/** A vault, wrap or password that does not open. */
export function ofSecret(error: unknown): Trouble {
  if (!(error instanceof E2eeError)) return ofAny(error);
  switch (error.reason) {
    case 'WrongPassword':
    case 'WrapRejected':
    case 'WrapMissing':
    case 'CodeMalformed':
    case 'CodeChecksum':
      return local('wrongSecret');
    case 'PasswordTooShort':
      return local('weakPassword');
    case 'ServerKeyChanged':
      return hostile('H23');
    case 'KsfRefused':
      return hostile('H22');
    case 'VaultRejected':
    case 'VaultMalformed':
    case 'VaultRolledBack':
    case 'VaultHashMismatch':
      return hostile('H20');
    case 'ForeignChain':
      return hostile('H21');
    case 'OpaqueMalformed':
      return local('protocol');
    default:
      return local('crypto');
  }
}

/** A box that is missing or does not open. */
export function ofBox(error: unknown): Trouble {
  if (error instanceof ChainError) return local('noKey', error.reason);
  if (!(error instanceof E2eeError)) return ofAny(error);
  switch (error.reason) {
    case 'BoxMissing':
      return isOff('H17') ? local('noKey') : hostile('H17');
    case 'BoxHashMismatch':
    case 'BoxRejected':
      return hostile('H16');
    case 'CommitMismatch':
    case 'EncKeyMismatch':
    case 'PrevBoxRejected':
      return hostile('H15');
    case 'NoSeed':
    case 'HistoryWalled':
      return local('noKey');
    default:
      return local('crypto');
  }
}

/** A message, title or name that is longer than the format allows. */
export function ofContent(error: unknown): Trouble {
  return error instanceof E2eeError ? local('tooLarge') : ofAny(error);
}
