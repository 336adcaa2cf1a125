// A bot's own colours, bent as far as needed to stay readable (WCAG AA) in both schemes.

import { isDark } from "./theme-toggle.js";

const READABLE = 4.5;
let colours = [null, null];

/** Takes the bot's colours; null or anything that is no colour keeps the page's own. */
export function applyPalette(first, second) {
  colours = [parse(first), parse(second)];
  paint();
}

document.addEventListener("themechange", paint);

function paint() {
  const { style } = document.documentElement;
  for (const name of ["--accent", "--on-accent", "--accent-ink", "--tint"]) style.removeProperty(name);
  const [first, second] = colours;
  const ground = parse(getComputedStyle(document.documentElement).getPropertyValue("--bg").trim()) ?? [255, 255, 255];
  if (first) {
    const fill = towards(first, ground, isDark() ? 255 : 0, 1.6);
    style.setProperty("--accent", css(fill));
    style.setProperty("--on-accent", contrast(fill, [255, 255, 255]) >= READABLE ? "#fff" : contrast(fill, [17, 17, 17]) >= READABLE ? "#111" : "#000");
    style.setProperty("--accent-ink", css(towards(first, ground, isDark() ? 255 : 0, READABLE + 0.3)));
  }
  // The second colour is often a pale ground, in which nothing would stand out.
  const tint = second && saturation(second) > 0.08 && contrast(second, ground) > 1.6 ? second : first;
  if (tint) style.setProperty("--tint", css(tint));
}

/** `colour` moved to black or white until it stands out from `ground` by `ratio`. */
function towards(colour, ground, end, ratio) {
  let moved = colour;
  for (let step = 0; step < 20 && contrast(moved, ground) < ratio; step += 1) {
    moved = moved.map((channel) => channel + (end - channel) * 0.12);
  }
  return moved;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour) {
  const [red, green, blue] = colour.map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function saturation(colour) {
  return (Math.max(...colour) - Math.min(...colour)) / 255;
}

function css(colour) {
  return `rgb(${colour.map(Math.round).join(" ")})`;
}

/** Red, green and blue of any opaque CSS colour, or null. */
function parse(text) {
  if (typeof text !== "string" || !CSS.supports("color", text)) return null;
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = text;
  const hex = /^#(..)(..)(..)$/.exec(context.fillStyle);
  return hex ? hex.slice(1).map((pair) => parseInt(pair, 16)) : null;
}
