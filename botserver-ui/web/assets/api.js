// Calls to the server; a refusal becomes an `ApiError` that carries its problem document (RFC 9457).

/** A refused or failed call. `status` is 0 when no answer came. */
export class ApiError extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || `HTTP ${problem.status}`);
    this.problem = problem;
    this.status = problem.status;
  }
}

/** The problem in a response body, or one made from the status line when the body holds none. */
export function problemFrom(status, title, text) {
  try {
    const body = JSON.parse(text);
    if (body && typeof body === "object" && (body.title || body.detail)) return { ...body, status: body.status ?? status };
  } catch {
    // Not JSON: a proxy answered in the server's place.
  }
  return { status, title: title || `HTTP ${status}` };
}

/** Fetches JSON. `token` goes as a bearer token, `body` as JSON. */
export async function call(path, { method = "GET", token = null, body = undefined, timeoutMs = 20_000 } = {}) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  let text;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await response.text();
  } catch (error) {
    throw new ApiError({ status: 0, title: "no answer", detail: String(error?.message ?? error) });
  }
  if (!response.ok) throw new ApiError(problemFrom(response.status, response.statusText, text));
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    throw new ApiError({ status: response.status, title: "the answer is not JSON" });
  }
}

/** Query string of the given pairs; empty values are left out. */
export function query(pairs) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(pairs)) {
    if (value !== null && value !== undefined && value !== "") search.set(name, value);
  }
  return search.toString();
}
