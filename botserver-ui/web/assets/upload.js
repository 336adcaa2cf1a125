// Sends a file to the conversation. XMLHttpRequest, because fetch does not tell how much has been sent.

import { ApiError, problemFrom, query } from "./api.js";

/** Starts an upload; `done` resolves to `{ url, name, mime, size_bytes }`, `cancel` ends it. */
export function upload(session, file, onprogress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    const fail = (title) => reject(new ApiError({ status: request.status, title }));
    request.open("POST", `/api/chat/${encodeURIComponent(session.id)}/files?${query({ name: file.name })}`);
    request.setRequestHeader("Authorization", `Bearer ${session.token}`);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.upload.onprogress = ({ loaded, total }) => onprogress(total > 0 ? loaded / total : 0);
    request.onerror = () => fail("no answer");
    request.onabort = () => fail("cancelled");
    request.onload = () => {
      if (request.status >= 300) return reject(new ApiError(problemFrom(request.status, request.statusText, request.responseText)));
      try {
        resolve(JSON.parse(request.responseText));
      } catch {
        fail("the answer is not JSON");
      }
    };
    request.send(file);
  });
  return { done, cancel: () => request.abort() };
}
