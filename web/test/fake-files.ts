/** Files that a fake hands out: a drawn picture and a short tone. */

/** A picture as a photo would come: drawn, then encoded. */
export async function picture(): Promise<Blob> {
  const canvas = new OffscreenCanvas(960, 640);
  const paint = canvas.getContext('2d')!;
  const ground = paint.createLinearGradient(0, 0, 960, 640);
  ground.addColorStop(0, '#d8c3b4');
  ground.addColorStop(1, '#b99482');
  paint.fillStyle = ground;
  paint.fillRect(0, 0, 960, 640);
  for (const [x, y, r, colour] of [
    [480, 330, 190, '#c98d7c'],
    [470, 320, 120, '#a9564c'],
    [455, 310, 62, '#7d2f2b'],
  ] as const) {
    paint.fillStyle = colour;
    paint.beginPath();
    paint.ellipse(x, y, r, r * 0.72, 0.3, 0, Math.PI * 2);
    paint.fill();
  }
  paint.fillStyle = '#f7f7f4';
  paint.fillRect(120, 540, 720, 46);
  paint.fillStyle = '#333333';
  for (let i = 0; i <= 24; i += 1) paint.fillRect(130 + i * 29, 540, 2, i % 4 === 0 ? 26 : 14);
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
}

/** Two seconds of a soft tone as WAV. */
export function silence(): Blob {
  const rate = 8_000;
  const samples = rate * 2;
  const bytes = new DataView(new ArrayBuffer(44 + samples));
  const text = (at: number, word: string): void =>
    [...word].forEach((letter, i) => bytes.setUint8(at + i, letter.charCodeAt(0)));
  text(0, 'RIFF');
  bytes.setUint32(4, 36 + samples, true);
  text(8, 'WAVEfmt ');
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, rate, true);
  bytes.setUint32(28, rate, true);
  bytes.setUint16(32, 1, true);
  bytes.setUint16(34, 8, true);
  text(36, 'data');
  bytes.setUint32(40, samples, true);
  for (let i = 0; i < samples; i += 1)
    bytes.setUint8(44 + i, 128 + Math.round(20 * Math.sin((i / rate) * 2 * Math.PI * 440)));
  return new Blob([bytes.buffer], { type: 'audio/wav' });
}
