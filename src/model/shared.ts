/** Something to dispose of that several hold: it goes when the last one lets go. */
export class Shared<T extends { dispose(): void }> {
  constructor(private readonly _make: (key: string) => T) {}

  /** The thing of this key, made when nobody holds it yet; `release` lets go of it. */
  take(key: string): { value: T; release: () => void } {
    let entry = this._entries.get(key);
    if (!entry) {
      entry = { value: this._make(key), holders: 0 };
      this._entries.set(key, entry);
    }
    const taken = entry;
    taken.holders += 1;
    let released = false;
    return {
      value: taken.value,
      release: () => {
        if (released) {
          return;
        }
        released = true;
        taken.holders -= 1;
        if (taken.holders === 0) {
          this._entries.delete(key);
          taken.value.dispose();
        }
      }
    };
  }

  private readonly _entries = new Map<string, { value: T; holders: number }>();
}
