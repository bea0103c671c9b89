import { StringDecoder } from 'node:string_decoder';
import { SaxesParser } from 'saxes';

export type Attributes = Readonly<Record<string, string>>;

/** Hears what an XML document consists of. Names come without their prefix. */
export interface XmlListener {
  open(name: string, attributes: Attributes): void;
  close(name: string): void;
  text(text: string): void;
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

/** Parses a document piece by piece; a turn of the generator for each piece, after which the listener has heard all that it holds. */
export async function* parseXml(chunks: AsyncIterable<Uint8Array>, { open, close, text }: XmlListener): AsyncGenerator<void> {
  const parser = new SaxesParser({ xmlns: false, position: false });
  let failure: Error | undefined;
  // Only noted: the parser must not be left by an exception.
  parser.on('error', (error) => (failure ??= error));
  parser.on('opentag', (tag) => open(local(tag.name), tag.attributes));
  parser.on('closetag', (tag) => close(local(tag.name)));
  parser.on('text', text);
  parser.on('cdata', text);
  const decoder = new StringDecoder('utf8');
  for await (const chunk of chunks) {
    parser.write(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)));
    if (failure) throw failure;
    yield;
  }
  parser.close();
  if (failure) throw failure;
  yield;
}

/** Parses a document to its end. */
export async function parseAll(chunks: AsyncIterable<Uint8Array>, listener: XmlListener): Promise<void> {
  for await (const _ of parseXml(chunks, listener));
}
