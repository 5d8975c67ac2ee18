import type { IPiece } from '../tokens';

/** Bytes of the end that are kept for those who come later. */
const KEPT_BYTES = 262_144;

/**
 * The end of a stream, of bounded size.
 *
 * Bytes are only ever added behind what is there, and a buffer that is full is left to those who
 * look at it. So what was given out never changes, and nothing is copied to be looked at.
 */
export class Tail {
  /** Where the stream goes on. */
  get next(): number {
    return this._next;
  }

  /** What is kept. */
  get piece(): IPiece {
    const start = Math.max(this._start, this._end - KEPT_BYTES);
    const data = this._buffer.subarray(start, this._end);
    return { offset: this._next - data.length, data };
  }

  /** Go on elsewhere: what was before is not connected with what comes. */
  restart(offset: number): void {
    this._start = this._end;
    this._next = offset;
  }

  add(data: Uint8Array): void {
    if (this._end + data.length > this._buffer.length) {
      this._grow(data.length);
    }
    this._buffer.set(data, this._end);
    this._end += data.length;
    this._next += data.length;
  }

  private _grow(count: number): void {
    const kept = this._buffer.subarray(
      Math.max(this._start, this._end - KEPT_BYTES),
      this._end
    );
    // Twice what is there, as long as that is little: most logs are short.
    const buffer = new Uint8Array(
      Math.min(2 * KEPT_BYTES, Math.max(4_096, 2 * (kept.length + count))) + count
    );
    buffer.set(kept);
    this._buffer = buffer;
    this._start = 0;
    this._end = kept.length;
  }

  private _buffer = new Uint8Array(0);
  private _start = 0;
  private _end = 0;
  private _next = 0;
}
