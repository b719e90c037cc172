/** Records a voice message with the microphone's level. Nothing is kept but in memory. */

/** Longest voice message. */
export const VOICE_MS_MAX = 5 * 60_000;
/** Bars of the level meter: the last seconds. */
const BARS = 48;
const BAR_MS = 80;

/** What browsers record, best first; what plays everywhere today. */
const KINDS = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'] as const;

/** Why it cannot record. */
export type VoiceTrouble = 'denied' | 'missing' | 'unsupported';

/** One recording. */
export class Recorder {
  state = $state<'idle' | 'asking' | 'recording' | 'done'>('idle');
  trouble = $state<VoiceTrouble | null>(null);
  seconds = $state(0);
  /** Loudness from 0 to 1, oldest first. */
  bars = $state.raw<readonly number[]>([]);
  /** It ended by itself at the longest time. */
  full = $state(false);
  result = $state.raw<Blob | null>(null);
  #stream: MediaStream | null = null;
  #recorder: MediaRecorder | null = null;
  #audio: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;
  #keep = true;

  async start(): Promise<void> {
    if (typeof MediaRecorder === 'undefined' || !('mediaDevices' in navigator)) {
      this.trouble = 'unsupported';
      return;
    }
    this.trouble = null;
    this.state = 'asking';
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (thrown) {
      this.state = 'idle';
      this.trouble = thrown instanceof DOMException && thrown.name === 'NotFoundError' ? 'missing' : 'denied';
      return;
    }
    this.#record(this.#stream);
  }

  #record(stream: MediaStream): void {
    const kind = KINDS.find((one) => MediaRecorder.isTypeSupported(one));
    const recorder = new MediaRecorder(stream, kind === undefined ? {} : { mimeType: kind });
    const parts: Blob[] = [];
    recorder.ondataavailable = (event): void => void parts.push(event.data);
    recorder.onstop = (): void => {
      if (this.#keep)
        this.result = new Blob(parts, { type: recorder.mimeType.split(';')[0] ?? 'audio/webm' });
      this.state = this.#keep ? 'done' : 'idle';
      this.#release();
    };
    this.#keep = true;
    this.full = false;
    this.result = null;
    this.seconds = 0;
    this.bars = [];
    this.#recorder = recorder;
    this.#measure(stream, performance.now());
    recorder.start(1_000);
    this.state = 'recording';
  }

  #measure(stream: MediaStream, since: number): void {
    const audio = new AudioContext();
    const analyser = audio.createAnalyser();
    analyser.fftSize = 512;
    audio.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#audio = audio;
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
      this.bars = [...this.bars, Math.min(1, power * 5)].slice(-BARS);
      const elapsed = performance.now() - since;
      this.seconds = elapsed / 1_000;
      if (elapsed < VOICE_MS_MAX) return;
      this.full = true;
      this.stop();
    }, BAR_MS);
  }

  stop(): void {
    if (this.#recorder?.state === 'recording') this.#recorder.stop();
  }

  /** Ends without keeping anything. */
  cancel(): void {
    this.#keep = false;
    this.result = null;
    if (this.#recorder?.state === 'recording') this.#recorder.stop();
    else {
      this.state = 'idle';
      this.#release();
    }
  }

  #release(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#stream?.getTracks().forEach((track) => track.stop());
    void this.#audio?.close();
    this.#timer = null;
    this.#stream = null;
    this.#audio = null;
    this.#recorder = null;
  }
}
