/** The server has refused a request, or could not be reached. */
export class ApiError extends Error {
  /**
   * @param code For programs: `no_such_run`, `wrong_state` …; `unreachable` without an answer.
   * @param message The whole sentence, for the user.
   * @param status HTTP status, 0 without an answer.
   */
  constructor(
    readonly code: string,
    message: string,
    readonly status: number
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** What an error of any kind says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
