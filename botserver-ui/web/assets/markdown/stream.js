// Markdown that grows: only what the newest text can still change is parsed and made again.

import { renderBlock, updateCode } from "./render.js";
import { parseBlocks, toLines } from "./blocks.js";

// A last line that is still growing can change its own block and, as a list's next item, the one before.
const UNSETTLED = 2;

/** Keeps the children of `element` equal to the Markdown given to `update`. */
export class MarkdownStream {
  constructor(element) {
    this.element = element;
    this.text = "";
    this.blocks = [];
  }

  /** Shows `text`; cheap when it only continues the text shown before. */
  update(text) {
    if (text === this.text) return;
    const settled = text.startsWith(this.text) ? Math.max(0, this.blocks.length - UNSETTLED) : 0;
    const fresh = locate(text, settled > 0 ? this.blocks[settled].offset : 0);
    fresh.forEach((block, index) => this.place(settled + index, block));
    for (const gone of this.blocks.splice(settled + fresh.length)) gone.node.remove();
    this.text = text;
  }

  place(index, block) {
    const old = this.blocks[index];
    const same = old && old.offset === block.offset && old.source === block.source;
    if (same) return;
    if (old?.type === "code" && block.type === "code" && old.offset === block.offset && updateCode(old.node, block)) {
      this.blocks[index] = { ...block, node: old.node };
      return;
    }
    const node = renderBlock(block);
    if (old) old.node.replaceWith(node);
    else this.element.append(node);
    this.blocks[index] = { ...block, node };
  }
}

/** The blocks from `start` on, each with its own offset and source. */
function locate(text, start) {
  const tail = text.slice(start);
  const offsets = [start];
  for (let at = tail.indexOf("\n"); at >= 0; at = tail.indexOf("\n", at + 1)) offsets.push(start + at + 1);
  const blocks = parseBlocks(toLines(tail));
  return blocks.map((block, index) => {
    const from = offsets[block.line];
    const until = blocks[index + 1] ? offsets[blocks[index + 1].line] : text.length;
    return { ...block, offset: from, source: text.slice(from, until) };
  });
}
