/** Memory with the views that reading and writing the format need. */
export interface Block {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export function makeBlock(byteCount: number): Block {
  const bytes = new Uint8Array(byteCount);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** An integer below 2^56 in seven bytes, and one more byte above it. Little-endian. */
export function setUint56(view: DataView, at: number, value: number, above: number): void {
  view.setUint32(at, value >>> 0, true);
  const high = value < 0x1_0000_0000 ? 0 : Math.floor(value / 0x1_0000_0000);
  view.setUint32(at + 4, high | (above << 24), true);
}

/** What {@link setUint56} wrote. */
export function getUint56(view: DataView, at: number): number {
  const high = view.getUint16(at + 4, true) + view.getUint8(at + 6) * 0x1_0000;
  return high * 0x1_0000_0000 + view.getUint32(at, true);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
