// A server that answers as a test says, and WebSockets that a test speaks through.

import type { ServerConnection } from '@jupyterlab/services';

import { Requests } from '../../src/api/requests';

/** What a test says to a request: JSON, bytes of a file, or a refusal. */
export type Answer =
  { json: unknown } | { file: Uint8Array } | { status: number; code: string; message: string };

interface IAsked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Headers;
  body: unknown;
}

class FakeRequest {
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | undefined;

  constructor(
    readonly url: string,
    init: RequestInit
  ) {
    this.method = init.method ?? 'GET';
    this.headers = new Headers(init.headers);
    this.body = init.body as string | undefined;
  }
}

export class FakeSocket {
  constructor(readonly url: string) {
    FakeServer.current.sockets.push(this);
  }

  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  binaryType = '';
  readonly sent: string[] = [];
  closed = false;

  get query(): URLSearchParams {
    return new URL(this.url).searchParams;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.onopen?.();
  }

  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  bytes(data: Uint8Array): void {
    const copy = new Uint8Array(data);
    this.onmessage?.({ data: copy.buffer });
  }

  /** The connection breaks, or is refused with a code of the server's. */
  cut(code = 1006): void {
    this.onclose?.({ code });
  }
}

export class FakeServer {
  static current: FakeServer;

  constructor() {
    FakeServer.current = this;
  }

  readonly asked: IAsked[] = [];
  readonly sockets: FakeSocket[] = [];

  /** Path below `mltrain/api/`, with or without a method before it -> the answer. */
  readonly answers = new Map<string, Answer | ((asked: IAsked) => Answer)>();

  readonly settings = {
    baseUrl: 'http://localhost/user/ada/',
    wsUrl: 'ws://localhost/user/ada/',
    token: '',
    appendToken: false,
    init: {},
    fetch: (request: FakeRequest) => this._answer(request),
    Request: FakeRequest,
    Headers,
    WebSocket: FakeSocket
  } as unknown as ServerConnection.ISettings;

  readonly requests = new Requests(this.settings);

  /** The last connection that is still open. */
  get socket(): FakeSocket {
    const open = this.sockets.filter(socket => !socket.closed);
    return open[open.length - 1];
  }

  private async _answer(request: FakeRequest): Promise<object> {
    await Promise.resolve();
    const url = new URL(request.url);
    const asked: IAsked = {
      method: request.method,
      path: decodeURI(url.pathname.replace('/user/ada/mltrain/api/', '')),
      query: url.searchParams,
      headers: request.headers,
      body: request.body === undefined ? undefined : JSON.parse(request.body)
    };
    this.asked.push(asked);
    const found =
      this.answers.get(`${asked.method} ${asked.path}`) ?? this.answers.get(asked.path);
    if (!found) {
      throw new TypeError(`nothing answers to ${asked.method} ${asked.path}`);
    }
    const answer = typeof found === 'function' ? found(asked) : found;
    return 'file' in answer ? part(answer.file, asked.headers) : whole(answer);
  }
}

function whole(answer: Exclude<Answer, { file: Uint8Array }>): object {
  const status = 'json' in answer ? 200 : answer.status;
  const body = 'json' in answer ? answer.json : { code: answer.code, message: answer.message };
  return {
    ok: status < 400,
    status,
    statusText: 'as the test says',
    headers: new Headers(),
    json: () => Promise.resolve(body),
    text: () => Promise.resolve(JSON.stringify(body))
  };
}

/** Byte ranges as RFC 9110, section 14, has them. */
function part(file: Uint8Array, headers: Headers): object {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(headers.get('Range') ?? 'bytes=0-') ?? [];
  const start = from === '' ? Math.max(0, file.length - Number(to)) : Number(from);
  const end = from === '' || to === '' ? file.length : Math.min(file.length, Number(to) + 1);
  const data = file.slice(start, end);
  return {
    ok: start < file.length,
    status: start < file.length ? 206 : 416,
    headers: new Headers({
      'Content-Range':
        start < file.length
          ? `bytes ${start}-${end - 1}/${file.length}`
          : `bytes */${file.length}`
    }),
    arrayBuffer: () => Promise.resolve(data.buffer)
  };
}

/** Let everything that has been promised happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await Promise.resolve();
  }
}
