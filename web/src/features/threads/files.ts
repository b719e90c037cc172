/** What may be attached, and in which form it leaves. */
import type { ChosenFile } from '../../state/drafts.svelte';
import { FILE_BYTES_MAX, FILES_MAX } from '../../state/limits';
import { isPhoto, PREVIEW_EDGE_MAX, redraw, SENT_EDGE_MAX } from '../../ui/media/photo';

/** Why a file was not taken. */
export type Reject = { name: string; why: 'tooLarge' | 'empty' | 'tooMany' };

/** Looks at chosen files; photos are drawn anew, so that place and camera stay here. */
export async function prepare(
  files: readonly File[],
  already: number,
  key: () => number,
): Promise<{ taken: ChosenFile[]; rejected: Reject[] }> {
  const taken: ChosenFile[] = [];
  const rejected: Reject[] = [];
  for (const file of files) {
    const why =
      already + taken.length >= FILES_MAX
        ? 'tooMany'
        : file.size === 0
          ? 'empty'
          : file.size > FILE_BYTES_MAX
            ? 'tooLarge'
            : null;
    if (why === null) taken.push(await chosen(file, key()));
    else rejected.push({ name: file.name, why });
  }
  return { taken, rejected };
}

async function chosen(file: File, key: number): Promise<ChosenFile> {
  const plain = {
    key,
    name: file.name,
    mediaType: file.type || 'application/octet-stream',
    bytes: file,
    preview: null,
  };
  if (!isPhoto(file.type) || file.type === 'image/gif') return plain;
  try {
    const [clean, small] = await Promise.all([redraw(file, SENT_EDGE_MAX), redraw(file, PREVIEW_EDGE_MAX)]);
    const name = clean.type === file.type ? file.name : `${file.name.replace(/\.\w+$/, '')}.png`;
    return { key, name, mediaType: clean.type, bytes: clean, preview: URL.createObjectURL(small) };
  } catch {
    // Not a picture after all, whatever its name says: it goes as a file.
    return { ...plain, mediaType: 'application/octet-stream' };
  }
}

/** Lets go of what a file needed in the page. */
export function release(file: ChosenFile): void {
  if (file.preview !== null) URL.revokeObjectURL(file.preview);
}
