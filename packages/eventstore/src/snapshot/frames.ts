/**
 * Compressed frames: a snapshot is cut into pieces of a few megabytes that are compressed and unpacked beside each
 * other on the thread pool, so that neither stalls the event loop.
 */
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)
/** Each piece of output is a trip to the thread pool and back; the default of 16 KB makes a hundred a frame. */
const trips = (bytes: Uint8Array) => ({ chunkSize: bytes.byteLength < 16 * 1024 ? 64 * 1024 : 1024 * 1024 })
/** A frame comes out in one piece, because joining pieces copies the whole snapshot; small ones take little. */
const oneTrip = (packed: Uint8Array) => ({
  chunkSize: packed.byteLength < 1024 ? 64 * 1024 : FRAME_BYTES + 1024,
})
const FAST = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 }
/** An aggregate never spans two frames; one that is larger makes its frame larger. */
const FRAME_BYTES = 2 * 1024 * 1024

const packFrame = (raw: Uint8Array): Promise<Buffer> => compress(raw, { params: FAST, ...trips(raw) })
export const unpackFrame = (packed: Uint8Array): Promise<Buffer> => decompress(packed, oneTrip(packed))

/** Appends texts to frames and packs each frame as soon as it is full. */
export const createFrameWriter = () => {
  const packed: Promise<Buffer>[] = []
  /** Small state makes small frames. */
  let nextBytes = FRAME_BYTES / 64
  let frame = Buffer.alloc(0)
  let used = 0

  const close = (): void => {
    if (used === 0) return
    const packing = packFrame(frame.subarray(0, used))
    // Awaited together at the end; until then a failure must not count as unhandled.
    packing.catch(() => {})
    packed.push(packing)
    frame = Buffer.alloc(0)
    used = 0
  }
  const make = (sizeBytes: number): void => {
    if (used + sizeBytes <= frame.length) return
    close()
    frame = Buffer.allocUnsafe(Math.max(nextBytes, sizeBytes))
    nextBytes = Math.min(nextBytes * 4, FRAME_BYTES)
  }
  const added = (length: number) => {
    const start = used
    used += length
    return { frame: packed.length, start, length }
  }

  return {
    text(text: string) {
      // A UTF-16 unit takes at most three bytes of UTF-8.
      make(text.length * 3)
      return added(frame.write(text, used, 'utf8'))
    },
    bytes(bytes: Uint8Array) {
      make(bytes.byteLength)
      frame.set(bytes, used)
      return added(bytes.byteLength)
    },
    finish(): Promise<Buffer[]> {
      close()
      return Promise.all(packed)
    },
  }
}
