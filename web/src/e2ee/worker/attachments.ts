/**
 * Files of messages: encrypted before they leave, checked whole before they are shown.
 *
 * Not known here: how they travel.
 */

import { concat } from '../../wire/bytes';
import type { NewFile } from '../api';
import type { Attachment } from '../body';
import { Decryptor, Encryptor, newFileKey } from '../files';
import { hostile, local } from './errors';
import { freshId } from './outgoing';
import { ofContent } from './secrets';

/** Bytes of one file: it is held in memory twice while it is encrypted. */
const FILE_BYTES_MAX = 100 * 1024 * 1024;

/** A file as it goes into a message, and its ciphertext. */
export async function sealFile(
  file: NewFile,
): Promise<{ attachment: Attachment; bytes: Uint8Array<ArrayBuffer> }> {
  if (file.bytes.size > FILE_BYTES_MAX) throw local('tooLarge');
  const plain = new Uint8Array(await file.bytes.arrayBuffer());
  const [blob, key] = [freshId(), newFileKey()];
  try {
    const encryptor = new Encryptor(key, blob);
    const parts = await encryptor.push(plain);
    const { bytes, seal } = await encryptor.finish();
    const { hash, size } = seal;
    const attachment = { blob, key, hash, size, name: file.name.normalize('NFC'), mediaType: file.mediaType };
    return { attachment, bytes: concat(parts, bytes) };
  } catch (error) {
    throw ofContent(error);
  }
}

/** The file of a message out of its ciphertext, or `H25`: it is not the one that was sent. */
export async function openFile(file: Attachment, sealed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const decryptor = new Decryptor(file);
    const plain = await decryptor.push(sealed);
    return concat(plain, await decryptor.finish());
  } catch {
    throw hostile('H25');
  }
}
