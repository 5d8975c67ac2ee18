// What the benchmarks measure with, within the page. Instants are milliseconds since the epoch, on
// the clock of the machine.

(() => {
  const nowMs = () => performance.timeOrigin + performance.now();

  // When what the page holds now has been painted: at the latest in the next frame. A change that
  // was made within a frame is painted by that one, so this says up to one frame too much.
  const painted = () =>
    new Promise(resolve => {
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => resolve(nowMs());
        channel.port2.postMessage(null);
      });
    });

  const observe = look => {
    const observer = new MutationObserver(look);
    observer.observe(document, {
      attributes: true,
      characterData: true,
      childList: true,
      subtree: true
    });
    return observer;
  };

  // When something that is so, now or later, has been painted.
  const until = isSo =>
    new Promise(resolve => {
      let observer = null;
      const look = () => {
        if (isSo()) {
          observer?.disconnect();
          resolve(painted());
          return true;
        }
        return false;
      };
      if (!look()) {
        observer = observe(look);
      }
    });

  // Whether any terminal shows a text.
  const isShown = text =>
    [...document.querySelectorAll('.xterm-rows')].some(
      rows => rows.checkVisibility() && rows.textContent.includes(text)
    );

  // When the next such event happened, as the browser says it.
  const nextEvent = type =>
    new Promise(resolve => {
      document.addEventListener(
        type,
        event => resolve(performance.timeOrigin + event.timeStamp),
        { capture: true, once: true }
      );
    });

  // Lines `@SECONDS RUN NUMBER;` of every terminal: run, number, when it was printed, when painted.
  const LINE = /@(\d+\.\d+) (\d+) (\d+);/g;
  const lines = [];
  const watchLines = () => {
    // What is there already was painted before.
    const shown = [...document.querySelectorAll('.xterm-rows')].map(rows => rows.textContent);
    const seen = new Set(Array.from(shown.join('').matchAll(LINE), ([line]) => line));
    observe(records => {
      const changed = new Set();
      for (const { target } of records) {
        const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
        const rows = element?.closest('.xterm-rows');
        if (rows) {
          changed.add(rows);
        }
      }
      const fresh = [];
      for (const rows of changed) {
        for (const [line, seconds, ...rest] of rows.textContent.matchAll(LINE)) {
          if (!seen.has(line)) {
            seen.add(line);
            fresh.push([...rest.map(Number), 1e3 * Number(seconds)]);
          }
        }
      }
      if (fresh.length) {
        void painted().then(atMs => lines.push(...fresh.map(found => [...found, atMs])));
      }
    });
  };

  // States of the runs in the sidebar, by number, with when each was first painted.
  const states = [];
  const watchStates = () => {
    const seen = new Set();
    observe(() => {
      const fresh = [];
      for (const row of document.querySelectorAll('.jp-mltrain-RunRow[data-state]')) {
        const name = row.querySelector('.jp-mltrain-RunRow-name')?.textContent ?? '';
        const number = Number(/#(\d+)\s*$/.exec(name)?.[1]);
        const key = `${row.dataset.state} ${number}`;
        if (!seen.has(key)) {
          seen.add(key);
          fresh.push([number, row.dataset.state]);
        }
      }
      if (fresh.length) {
        void painted().then(atMs => states.push(...fresh.map(found => [...found, atMs])));
      }
    });
  };

  // Milliseconds of each frame while an element is scrolled, so many pixels a frame.
  const scroll = (element, pixels, frames) =>
    new Promise(resolve => {
      const took = [];
      let lastMs = null;
      let step = pixels;
      const frame = atMs => {
        if (lastMs !== null) {
          took.push(atMs - lastMs);
        }
        lastMs = atMs;
        if (took.length >= frames) {
          resolve(took);
          return;
        }
        const before = element.scrollTop;
        element.scrollTop += step;
        if (element.scrollTop === before) {
          step = -step;
        }
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });

  // Measures `activate PLUGIN` of every plugin, from the call until what it returns is there.
  let jupyterapp;
  const watchActivation = app => {
    for (const plugin of app.pluginRegistry._plugins.values()) {
      const { activate } = plugin;
      plugin.activate = (...parts) => {
        const start = performance.now();
        const measure = () => performance.measure(`activate ${plugin.id}`, { start });
        const made = activate(...parts);
        if (typeof made?.then === 'function') {
          return made.then(value => {
            measure();
            return value;
          });
        }
        measure();
        return made;
      };
    }
  };
  // It is set when all plugins are registered, and before the first is activated.
  Object.defineProperty(window, 'jupyterapp', {
    configurable: true,
    get: () => jupyterapp,
    set: app => {
      jupyterapp = app;
      watchActivation(app);
    }
  });

  window.bench = {
    isShown,
    lines,
    nextEvent,
    nowMs,
    painted,
    scroll,
    states,
    until,
    watchLines,
    watchStates
  };
})();
