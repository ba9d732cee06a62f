import { createHash, createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BLOCK, blocksOf, contentId, SECRET, SEGMENT, segmentOf, tag } from './made-content.js';
import { faultyDisk } from './faulty-disk.js';
import { filesIn, found, openStore, publish, readBack, temporaryDirectory } from './store-fixture.js';

const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const hmac = (key: Uint8Array, ...parts: Uint8Array[]): Buffer =>
  createHmac('sha256', key).update(Buffer.concat(parts)).digest();

describe('publishing', () => {
  it('describes segments as PCCRC 2.2 says and keeps their blocks', async () => {
    const store = await openStore(temporaryDirectory());
    const content = randomBytes(SEGMENT + 3 * BLOCK + 17);
    const publication = await publish(store, 'a', content, 1_000_000);
    expect(publication.length).toBe(content.length);
    expect(publication.segments.map(({ length }) => length)).toEqual([SEGMENT, 3 * BLOCK + 17]);
    for (const [index, segment] of publication.segments.entries()) {
      const blocks = blocksOf(content.subarray(index * SEGMENT, (index + 1) * SEGMENT));
      const hashOfData = sha256(...blocks.map((block) => sha256(block)));
      const secret = hmac(sha256(SECRET), hashOfData);
      expect(segment.hashOfData).toEqual(hashOfData);
      expect(segment.secret).toEqual(secret);
      expect(segment.id).toEqual(hmac(secret, hashOfData, Buffer.from('MS_P2P_CACHING\0', 'utf16le')));
    }
    expect(Buffer.concat((await readBack(store, publication)).map((block) => block!)).equals(content)).toBe(
      true,
    );
    expect(found(store, 'a')).toEqual(publication);
  });

  it.each([1, 1000, BLOCK - 1, BLOCK, BLOCK + 1, 700_001])(
    'gives the same segments whatever the chunks are: %i bytes',
    async (chunk) => {
      const store = await openStore(temporaryDirectory());
      const content = randomBytes(chunk === 1 ? 3000 : 5 * BLOCK + 5);
      const whole = await publish(store, 'whole', content);
      const pieces = await publish(store, 'pieces', content, chunk);
      expect(pieces.segments).toEqual(whole.segments);
      expect(Buffer.concat((await readBack(store, pieces)).map((block) => block!)).equals(content)).toBe(
        true,
      );
    },
  );

  it('takes empty content', async () => {
    const store = await openStore(temporaryDirectory());
    const publication = await publish(store, 'empty', new Uint8Array(0));
    expect(publication).toMatchObject({ length: 0, segments: [] });
    expect(found(store, 'empty')).toEqual(publication);
    expect(await store.unpublish(contentId('empty'))).toBe(true);
  });

  it('shows nothing before it is complete, and nothing at all after abort', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const content = randomBytes(2 * BLOCK);
    const [segment] = (await publish(await openStore(temporaryDirectory()), 'elsewhere', content)).segments;
    const writer = await store.beginPublication({ contentId: contentId('a'), hash: 'sha256' });
    await writer.append(content);
    expect(store.publication(contentId('a'))).toBeUndefined();
    expect(store.find(segment!.id)).toBeUndefined();
    await writer.abort();
    expect(store.publication(contentId('a'))).toBeUndefined();
    await store.close();
    expect(await filesIn(directory)).toEqual([]);
  });

  it('refuses what does not match the declared length', async () => {
    const store = await openStore(temporaryDirectory());
    const declared = { hash: 'sha256', length: 10 } as const;
    const short = await store.beginPublication({ contentId: contentId('short'), ...declared });
    await short.append(new Uint8Array(9));
    await expect(short.complete()).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
    const long = await store.beginPublication({ contentId: contentId('long'), ...declared });
    await expect(long.append(new Uint8Array(11))).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' });
    await expect(long.append(new Uint8Array(1))).rejects.toMatchObject({ code: 'CLOSED' });
    await long.abort();
    expect(store.publication(contentId('long'))).toBeUndefined();
  });

  it('refuses a content id that is taken, until it is unpublished', async () => {
    const directory = temporaryDirectory();
    const [store, other] = [await openStore(directory), await openStore(directory)];
    const writer = await store.beginPublication({ contentId: contentId('a'), hash: 'sha256' });
    const again = () => other.beginPublication({ contentId: contentId('a'), hash: 'sha256' });
    await expect(again()).rejects.toMatchObject({ name: 'StoreFailure', code: 'ALREADY_EXISTS' });
    await writer.append(Buffer.from('text'));
    await writer.complete();
    await expect(again()).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await other.unpublish(contentId('a'))).toBe(true);
    expect(await other.unpublish(contentId('a'))).toBe(false);
    await (await again()).abort();
  });

  it('takes as many steps to withdraw or give up one of many as one of few', async () => {
    const steps = async (others: number): Promise<readonly number[]> => {
      const { disk, operations } = faultyDisk();
      const store = await openStore(temporaryDirectory(), { disk });
      for (let index = 0; index < others; index += 1) await publish(store, `${index}`, randomBytes(10));
      await publish(store, 'a', randomBytes(10));
      const writer = await store.beginPublication({ contentId: contentId('b'), hash: 'sha256' });
      await writer.append(randomBytes(10));
      const before = operations();
      await store.unpublish(contentId('a'));
      const between = operations();
      await writer.abort();
      return [between - before, operations() - between];
    };
    expect(await steps(30)).toEqual(await steps(1));
  });

  it('lets a new owner take over what a closed store published', async () => {
    const directory = temporaryDirectory();
    const first = await openStore(directory);
    const [old, fresh] = [randomBytes(3 * BLOCK), randomBytes(2 * BLOCK)];
    const [oldSegment] = (await publish(first, 'a', old)).segments;
    await first.close();
    const second = await openStore(directory);
    const writer = await second.beginPublication({ contentId: contentId('a'), hash: 'sha256' });
    await writer.append(fresh);
    expect(second.publication(contentId('a'))?.length).toBe(old.length);
    await writer.complete();
    expect(second.publication(contentId('a'))?.length).toBe(fresh.length);
    expect(second.find(oldSegment!.id)).toBeUndefined();
  });

  it('keeps what a closed store published when the new owner aborts', async () => {
    const directory = temporaryDirectory();
    const first = await openStore(directory);
    const content = randomBytes(3 * BLOCK);
    await publish(first, 'a', content);
    await first.close();
    const second = await openStore(directory);
    const writer = await second.beginPublication({ contentId: contentId('a'), hash: 'sha256' });
    await writer.append(content);
    await writer.abort();
    const kept = second.publication(contentId('a'));
    expect(Buffer.concat((await readBack(second, kept!)).map((block) => block!)).equals(content)).toBe(true);
  });

  it('stops between pieces when it is aborted by its signal', async () => {
    const store = await openStore(temporaryDirectory());
    const writer = await store.beginPublication({ contentId: contentId('a'), hash: 'sha256' });
    const controller = new AbortController();
    const appended = writer.append(new Uint8Array(SEGMENT), controller.signal);
    controller.abort(new Error('enough'));
    await expect(appended).rejects.toThrow('enough');
    await expect(writer.complete()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('segments', () => {
  it('are shared between publications and go with the last holder', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const content = randomBytes(2 * BLOCK);
    const { segments } = await publish(store, 'a', content);
    await publish(store, 'b', content);
    expect((await filesIn(directory)).filter((path) => path.endsWith('/data'))).toHaveLength(1);
    await store.unpublish(contentId('a'));
    expect(await store.find(segments[0]!.id)?.read(0)).toEqual(content.subarray(0, BLOCK));
    await store.unpublish(contentId('b'));
    expect(store.find(segments[0]!.id)).toBeUndefined();
    await store.close();
    expect(await filesIn(directory)).toEqual([]);
  });

  it('are adopted empty, filled block by block, and dropped with their tag', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const { info, blocks } = segmentOf('foreign', 4);
    const segment = await store.adopt(info, tag('x'));
    expect(segment.has(2)).toBe(false);
    expect(await segment.read(2)).toBeUndefined();
    await segment.write(2, blocks[2]!);
    await segment.write(3, blocks[3]!);
    expect([0, 1, 2, 3, 4].map((index) => segment.has(index))).toEqual([false, false, true, true, false]);
    expect(await segment.read(3)).toEqual(blocks[3]);
    expect(store.find(info.id)?.info).toEqual(info);
    await store.adopt(info, tag('y'));
    await store.flush(tag('x'));
    expect(await store.find(info.id)?.read(2)).toEqual(blocks[2]);
    await store.flush(tag('y'));
    expect(store.find(info.id)).toBeUndefined();
    await segment.write(0, blocks[0]!);
    expect(await segment.read(0)).toBeUndefined();
    await store.close();
    expect(await filesIn(directory)).toEqual([]);
  });

  it('learn the hashes that a first, partial description lacked', async () => {
    const store = await openStore(temporaryDirectory());
    const { info, blocks } = segmentOf('foreign', 4);
    const partial = await store.adopt({ ...info, blockHashes: info.blockHashes.slice(0, 2) }, tag('x'));
    await partial.write(1, blocks[1]!);
    await expect(partial.write(2, blocks[2]!)).rejects.toBeInstanceOf(RangeError);
    const whole = await store.adopt(info, tag('x'));
    await whole.write(3, blocks[3]!);
    const found = store.find(info.id);
    expect(found?.info).toEqual(info);
    expect(await found?.read(1)).toEqual(blocks[1]);
    expect(await found?.read(3)).toEqual(blocks[3]);
  });

  it('never hand out a block that the caller did not describe', async () => {
    const store = await openStore(temporaryDirectory());
    const { info, blocks } = segmentOf('foreign', 2);
    const forged = { ...info, blockHashes: [sha256(Buffer.alloc(BLOCK)), info.blockHashes[1]!] };
    await (await store.adopt(forged, tag('x'))).write(0, Buffer.alloc(BLOCK));
    const honest = await store.adopt(info, tag('y'));
    expect(await honest.read(0)).toBeUndefined();
    await honest.write(0, blocks[0]!);
    expect(await honest.read(0)).toEqual(blocks[0]);
  });

  it('that a tag fetched in part become whole when the content is published here', async () => {
    const store = await openStore(temporaryDirectory());
    const content = randomBytes(3 * BLOCK);
    const [info] = (await publish(await openStore(temporaryDirectory()), 'elsewhere', content)).segments;
    const adopted = await store.adopt(info!, tag('x'));
    await publish(store, 'a', content);
    expect(await adopted.read(1)).toEqual(content.subarray(BLOCK, 2 * BLOCK));
    await store.unpublish(contentId('a'));
    expect(await adopted.read(2)).toEqual(content.subarray(2 * BLOCK));
  });
});

describe('a closed store', () => {
  it('has nothing, refuses everything and closes again', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const { segments } = await publish(store, 'a', randomBytes(BLOCK));
    const writer = await store.beginPublication({ contentId: contentId('b'), hash: 'sha256' });
    await store.close();
    await store.close();
    expect(store.find(segments[0]!.id)).toBeUndefined();
    await expect(store.adopt(segments[0]!, tag('x'))).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(store.probe()).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(writer.append(Buffer.from('late'))).rejects.toMatchObject({ code: 'CLOSED' });
    const reopened = await openStore(directory);
    expect(found(reopened, 'a')?.segments).toEqual(segments);
    expect(reopened.publication(contentId('b'))).toBeUndefined();
  });
});
