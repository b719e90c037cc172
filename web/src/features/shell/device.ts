/** Small acts of the browser. */

/** Puts a text on the clipboard; false where the browser refuses. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Time after which a download's address is let go; the browser has taken the bytes long before. */
const RELEASE_MS = 60_000;

/** Saves bytes as a file. Always as bytes, so that nothing of somebody else's is opened as a page. */
export function saveAs(bytes: Blob, name: string): void {
  const address = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name.replace(/[/\\:*?"<>|\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '_') || 'file';
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), RELEASE_MS);
}
