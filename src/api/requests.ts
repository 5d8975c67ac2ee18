import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { ApiError, messageOf } from './error';
import type * as wire from './wire';

export type Query = {
  [name: string]: string | number | boolean | readonly string[] | undefined;
};

/** How a request differs from a plain GET. */
export interface IOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  /** Asked for by a timer or by an event, not by the user: must not keep an idle server alive. */
  background?: boolean;
}

/** Requests to the server extension: the only place that knows its addresses. */
export class Requests {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  /** The reply's JSON. Rejects with an `ApiError`. */
  async json<T>(parts: readonly string[], options: IOptions = {}): Promise<T> {
    const response = await this._fetch(parts, options, {});
    return (await response.json()) as T;
  }

  /** What is answered with nothing. Rejects with an `ApiError`. */
  async done(parts: readonly string[], options: IOptions): Promise<void> {
    await this._fetch(parts, options, {});
  }

  /** The bytes `[from, to)` of a file, fewer at its end, and the size of the whole. */
  bytes(
    parts: readonly string[],
    from: number,
    to: number
  ): Promise<{ data: Uint8Array; size: number }> {
    return this._range(parts, `${from}-${Math.max(from, to - 1)}`);
  }

  /** The last bytes of a file, at most `count`, and the size of the whole. */
  tail(parts: readonly string[], count: number): Promise<{ data: Uint8Array; size: number }> {
    return this._range(parts, `-${count}`);
  }

  private async _range(
    parts: readonly string[],
    range: string
  ): Promise<{ data: Uint8Array; size: number }> {
    const headers = { Range: `bytes=${range}` };
    const response = await this._fetch(parts, { background: true }, { headers });
    if (response.status === 416) {
      return { data: new Uint8Array(0), size: sizeIn(response) ?? 0 };
    }
    const data = new Uint8Array(await response.arrayBuffer());
    return { data, size: sizeIn(response) ?? data.length };
  }

  /** An address for the browser itself: a download, or a link. */
  url(parts: readonly string[], query: Query = {}): string {
    return this._join(this._settings.baseUrl, parts, query);
  }

  /** Open a WebSocket. The login travels as it does for kernels. */
  socket(parts: readonly string[], query: Query = {}): WebSocket {
    const { token, appendToken, wsUrl } = this._settings;
    const login: Query = appendToken && token !== '' ? { token } : {};
    const socket = new this._settings.WebSocket(
      this._join(wsUrl, parts, { ...query, ...login })
    );
    socket.binaryType = 'arraybuffer';
    return socket;
  }

  private async _fetch(
    parts: readonly string[],
    options: IOptions,
    init: RequestInit
  ): Promise<Response> {
    const query = options.background
      ? { ...options.query, no_track_activity: 1 }
      : options.query;
    const url = this._join(this._settings.baseUrl, parts, query ?? {});
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const method = options.method ?? 'GET';
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(
        url,
        { ...init, method, body },
        this._settings
      );
    } catch (error) {
      const detail = messageOf(error);
      throw new ApiError('unreachable', `The Jupyter server does not answer (${detail}).`, 0);
    }
    if (!response.ok && response.status !== 416) {
      throw await refusal(response);
    }
    return response;
  }

  private _join(base: string, parts: readonly string[], query: Query): string {
    const path = URLExt.join(base, 'mltrain', 'api', ...parts.map(encodeURIComponent));
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      for (const each of Array.isArray(value) ? (value as string[]) : [value]) {
        if (each !== undefined) {
          search.append(name, String(each));
        }
      }
    }
    const text = search.toString();
    return text === '' ? path : `${path}?${text}`;
  }
}

/** `outputs/a b` as parts of an address. */
export function fileParts(name: string): string[] {
  return name.split('/');
}

async function refusal(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const reply = JSON.parse(text) as Partial<wire.ErrorReply>;
    if (typeof reply.message === 'string') {
      return new ApiError(reply.code ?? 'error', reply.message, response.status);
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
  }
  return new ApiError(
    response.status === 404 ? 'no_such_route' : 'error',
    `The Jupyter server answered ${response.status} ${response.statusText}.`,
    response.status
  );
}

/** The size of the whole file, after the slash of `Content-Range`. */
function sizeIn(response: Response): number | null {
  const match = /\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '');
  return match ? Number(match[1]) : null;
}
