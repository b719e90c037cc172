/**
 * Pictures are drawn anew before they are shown or sent: what reaches an `img` is a picture that this browser encoded,
 * never the bytes somebody else chose, and what is sent carries no place or camera.
 */

/** Longest edge of a picture that is sent; a phone's photo stays legible when enlarged. */
export const SENT_EDGE_MAX = 4_096;
/** Longest edge of a picture in the page. */
export const SHOWN_EDGE_MAX = 1_600;
/** Longest edge of the small picture beside a composer. */
export const PREVIEW_EDGE_MAX = 240;

/** Kinds that every supported browser decodes. */
const DRAWABLE = /^image\/(?:jpeg|png|webp|gif|bmp)$/;

/** Whether a file is a picture that can be drawn anew. */
export function isPhoto(mediaType: string): boolean {
  return DRAWABLE.test(mediaType);
}

/** Draws a picture anew, no larger than `edge`. Rejects where it cannot be decoded. */
export async function redraw(source: Blob, edge: number): Promise<Blob> {
  const bitmap = await createImageBitmap(source);
  try {
    const scale = Math.min(1, edge / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const paint = canvas.getContext('2d');
    if (paint === null) throw new TypeError('no canvas');
    paint.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const type = source.type === 'image/jpeg' ? 'image/jpeg' : 'image/png';
    return await new Promise((done, fail) => {
      canvas.toBlob((blob) => (blob === null ? fail(new TypeError('not encoded')) : done(blob)), type, 0.9);
    });
  } finally {
    bitmap.close();
  }
}
