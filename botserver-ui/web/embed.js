// The chat as a button on any page: <script src="https://bots.example.org/embed.js" data-bot="shop" async></script>
// Optional: data-title (the button's label), data-position ("left" or "right"), data-color (any CSS colour).
(() => {
  const script = document.currentScript;
  if (!script) return;
  const origin = new URL(script.src).origin;
  const { bot = "", title = "Chat", position = "right", color = "" } = script.dataset;

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial; --fill: #2c6151; --side: 20px; }
    button { position: fixed; bottom: 20px; z-index: 2147483000; display: grid; place-items: center; width: 56px; height: 56px;
      padding: 0; border: 0; border-radius: 50%; cursor: pointer; color: #fff; background: var(--fill);
      box-shadow: 0 6px 24px -6px rgb(0 0 0 / 45%); transition: transform .15s; }
    button:hover { transform: scale(1.05); }
    button:focus-visible { outline: 3px solid var(--fill); outline-offset: 3px; }
    svg { width: 26px; height: 26px; fill: none; stroke: currentcolor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    iframe { position: fixed; bottom: 88px; z-index: 2147483000; width: min(400px, calc(100vw - 40px)); height: min(640px, calc(100dvh - 112px));
      border: 0; border-radius: 18px; background: Canvas; box-shadow: 0 12px 48px -12px rgb(0 0 0 / 40%); }
    iframe[hidden] { display: none; }
    .right { right: 20px; } .left { left: 20px; }
    @media (max-width: 480px) { iframe { inset: 0; width: 100vw; height: 100dvh; border-radius: 0; } }
    @media (prefers-reduced-motion: reduce) { button { transition: none; } }
  `);
  root.adoptedStyleSheets = [sheet];
  const side = position === "left" ? "left" : "right";
  if (color && CSS.supports("color", color)) host.style.setProperty("--fill", color);

  const shape = (path) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  };
  const opened = shape("M6 6l12 12M18 6 6 18");
  const closed = shape("M12 4c-5 0-9 3.400-9 7.600 0 2.300 1.200 4.300 3.100 5.700L5.500 21l3.800-1.900c.9.200 1.800.3 2.700.3 5 0 9-3.400 9-7.700S17 4 12 4zM8.500 10.500h7M8.500 13.500h4");

  const button = document.createElement("button");
  button.type = "button";
  button.className = side;
  button.setAttribute("aria-label", title);
  button.setAttribute("aria-expanded", "false");
  button.append(closed);
  root.append(button);
  let frame = null;

  const show = (isOpen) => {
    // The chat is loaded on the first click only, so that a visit without one costs the page nothing.
    if (!frame) {
      frame = document.createElement("iframe");
      frame.className = side;
      frame.title = title;
      frame.allow = "clipboard-write";
      frame.src = `${origin}/${encodeURIComponent(bot)}?embed=1`;
      root.insertBefore(frame, button);
    }
    frame.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    button.replaceChildren(isOpen ? opened : closed);
    (isOpen ? frame : button).focus();
  };

  button.addEventListener("click", () => show(!frame || frame.hidden));
  addEventListener("message", (event) => {
    if (frame && event.source === frame.contentWindow && event.data?.type === "botserver:close") show(false);
  });
  const place = () => document.body.append(host);
  if (document.body) place();
  else addEventListener("DOMContentLoaded", place);
})();
