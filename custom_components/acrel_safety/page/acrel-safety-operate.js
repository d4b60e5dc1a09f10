// The cards of Acrel Safety for what can be operated: position, two steps to operate, lock-out tags.
// They show what `acrel_safety/operations` tells, and act by the integration's actions: who may, and what is in the
// way, is decided there. Every text of others is set as text, never as markup.

const HOLD_MS = 1500;
/** So long after a short press the other way to confirm cannot be pressed: a double click is no confirmation. */
const CALM_MS = 1000;

export const TEXTS = {
  en: {
    position: { closed: "Closed (on)", open: "Open (off)", unknown: "Position not known" },
    output: { on: "on", off: "off" },
    moving: { open: "Opening …", close: "Closing …", other: "An operation is under way …" },
    verb: { open: "Switch off", close: "Switch on" },
    happens: {
      open: "It is switched off for real: whatever it feeds loses power.",
      close: "It is switched on for real: whatever it feeds gets power, and machines may start by themselves.",
      release: "The device decides by itself again: it may open, or close.",
      test: "The device does this by itself: it may trip, and cut the power.",
      nothing: "This switches no circuit.",
      service: "This switches no circuit; it changes what the device does.",
      other: "Nobody said what this drives: power may be cut, or come back.",
    },
    warning: {
      open: "Off is not isolated. Before work: switch off at the board, lock it, and test that it is dead.",
      close: "Make sure that nobody works on it.",
      release: "Make sure that nobody works on it.",
      other: "Make sure that nobody works on it.",
    },
    read: "Position as it was read just now",
    hold: "Hold to confirm",
    holding: "Keep holding …",
    held: "Press and hold for a second and a half. If you cannot, use the other button.",
    without: "Confirm without holding",
    left: (seconds) => `Good for ${seconds} s`,
    proof: "Second password of the account, or the code from the phone",
    proofMissing: "Enter the second password or the code first. Nothing was sent.",
    sendCode: "Have a code sent",
    codeSent: (phone) => `A code was sent${phone ? ` to ${phone}` : ""}.`,
    late: "Time is over. Nothing was sent.",
    cancelled: "Nothing was sent.",
    selecting: "Reading the position …",
    sending: "Under way: done when the position was read back …",
    cancel: "Cancel",
    inTheWay: "Not now",
    comma: ", ",
    colon: ": ",
    aside: (text) => ` (${text})`,
    last: "Last",
    program: "an automation",
    asks: "Asks to be switched off",
    limit: "limit",
    cut: "Switch off",
    keep: "Leave it on",
    keeping: "The alarm stays; by this alarm nothing asks again, and nothing is switched off by itself.",
    keepNow: "Leave it on all the same",
    kept: "It stays on.",
    tags: "Locked out",
    tagged: "Nobody can switch this on from here until every tag is removed.",
    onDevice: "on the whole device",
    since: "since",
    hang: "Hang a lock-out tag",
    hangNow: "Hang the tag",
    name: "Name on the tag",
    own: "empty: your name",
    reason: "Why it must stay off",
    remove: "Remove",
    removeNow: "Remove this tag",
    removing: "You confirm that nobody works there any more. Nothing is switched by that.",
    noTags: "No lock-out tag hangs anywhere.",
    noLock: "A tag is no padlock: at the board it can still be switched on by hand.",
    lost: "Nothing can be told now: the device is not loaded, or the connection is lost.",
    show: "Show",
    operate: "Operate",
  },
  zh: {
    position: { closed: "合闸（通电）", open: "分闸（断电）", unknown: "位置未知" },
    output: { on: "接通", off: "断开" },
    moving: { open: "正在分闸……", close: "正在合闸……", other: "正在执行操作……" },
    verb: { open: "分闸", close: "合闸" },
    happens: {
      open: "将实际断开：其后的负荷全部失电。",
      close: "将实际接通：其后的负荷全部得电，机器可能自行起动。",
      release: "由设备自行决定：可能分闸，也可能合闸。",
      test: "由设备自行执行：可能跳闸断电。",
      nothing: "不会分合任何回路。",
      service: "不会分合任何回路，只改变设备的工作方式。",
      other: "未说明该输出驱动什么：可能断电，也可能恢复供电。",
    },
    warning: {
      open: "断开不等于隔离。作业前须在配电箱处断开、上锁并验电。",
      close: "请确认无人在该回路上作业。",
      release: "请确认无人在该回路上作业。",
      other: "请确认无人在该回路上作业。",
    },
    read: "刚读取的位置",
    hold: "按住以确认",
    holding: "请继续按住……",
    held: "请按住一秒半。若无法按住，请使用另一个按钮。",
    without: "不按住直接确认",
    left: (seconds) => `${seconds} 秒内有效`,
    proof: "账号的二级密码，或手机收到的验证码",
    proofMissing: "请先输入二级密码或验证码。未发送任何命令。",
    sendCode: "发送验证码",
    codeSent: (phone) => `验证码已发送${phone ? `至 ${phone}` : ""}。`,
    late: "已超时，未发送任何命令。",
    cancelled: "未发送任何命令。",
    selecting: "正在读取位置……",
    sending: "正在执行，回读到位置后才算完成……",
    cancel: "取消",
    inTheWay: "目前不可",
    comma: "、",
    colon: "：",
    aside: (text) => `（${text}）`,
    last: "上次操作",
    program: "自动化",
    asks: "请求切断",
    limit: "限值",
    cut: "分闸",
    keep: "保持通电",
    keeping: "报警仍然存在；此次报警不会再请求，也不会自动切断。",
    keepNow: "仍然保持通电",
    kept: "保持通电。",
    tags: "已挂牌锁定",
    tagged: "所有挂牌摘除之前，任何人都不能从这里合闸。",
    onDevice: "整台设备",
    since: "始于",
    hang: "挂锁定牌",
    hangNow: "挂牌",
    name: "牌上的姓名",
    own: "不填则为您的姓名",
    reason: "为何必须保持断开",
    remove: "摘牌",
    removeNow: "摘除这块牌",
    removing: "您确认该处已无人作业。摘牌不会分合任何设备。",
    noTags: "没有任何挂牌。",
    noLock: "挂牌不是挂锁：在配电箱处仍可手动合闸。",
    lost: "目前无法显示：设备未加载，或连接已断开。",
    show: "查看",
    operate: "操作",
  },
};

const languageOf = (hass) => hass.locale?.language ?? hass.language ?? "en";
const textsFor = (hass) => (languageOf(hass).startsWith("zh") ? TEXTS.zh : TEXTS.en);
const either = (texts, key) => texts[key] ?? texts.other ?? "";

// -- What is told -----------------------------------------------------------------------------------------------------

const followed = new Map();

/** Follow devices (without any: all) for one card; what several cards ask alike is asked once. Returns what ends it. */
const follow = (hass, devices, take) => {
  const key = JSON.stringify([devices ?? null, languageOf(hass)]);
  let one = followed.get(key);
  if (!one || one.connection !== hass.connection) {
    one = { connection: hass.connection, takers: new Set(), told: undefined };
    one.ended = hass.connection.subscribeMessage(
      ({ devices: told }) => { one.told = told; one.takers.forEach((taker) => taker(told)); },
      { type: "acrel_safety/operations", language: languageOf(hass), ...(devices ? { devices } : {}) },
    );
    one.ended.catch(() => { if (followed.get(key) === one) followed.delete(key); });
    followed.set(key, one);
  }
  one.takers.add(take);
  if (one.told) take(one.told);
  return () => {
    one.takers.delete(take);
    if (one.takers.size) return;
    if (followed.get(key) === one) followed.delete(key);
    one.ended.then((end) => end()).catch(() => {});
  };
};

// -- What it is made of -----------------------------------------------------------------------------------------------

const STYLE = `
:host { display: block; }
[hidden] { display: none !important; }
ha-card { display: block; padding: 12px 16px; }
p { margin: 4px 0; }
.head { display: flex; align-items: center; gap: 12px; }
.head ha-icon { color: var(--state-icon-color, var(--secondary-text-color)); flex: none; }
.head.closed ha-icon { color: var(--state-switch-active-color, var(--primary-color)); }
.position { font-weight: 500; }
.quiet { color: var(--secondary-text-color); font-size: 0.9em; }
.moving { font-weight: 500; color: var(--primary-color); }
.row { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0; align-items: stretch; }
button {
  font: inherit; color: var(--primary-text-color); background: transparent; cursor: pointer; min-height: 44px;
  padding: 6px 14px; border: 1px solid var(--outline-color, var(--divider-color)); border-radius: 8px; text-align: start;
}
button:focus-visible, input:focus-visible, .panel:focus-visible { outline: 2px solid var(--primary-color); outline-offset: 2px; }
button:disabled { opacity: 0.5; cursor: default; }
button small { display: block; color: var(--secondary-text-color); }
.panel, .tag, form {
  border: 1px solid var(--divider-color); border-radius: 8px; padding: 8px 12px; margin: 8px 0;
}
.panel { border-color: var(--warning-color); }
.panel h4, form h4 { margin: 0 0 4px; }
.careful { border-inline-start: 4px solid var(--warning-color); padding-inline-start: 8px; margin: 8px 0; }
.hold {
  position: relative; overflow: hidden; flex: 1 1 12em; text-align: center; font-weight: 500; touch-action: none;
  user-select: none; -webkit-user-select: none; -webkit-touch-callout: none; border-color: var(--error-color);
}
.hold::before {
  content: ""; position: absolute; inset: 0; background: var(--error-color); opacity: 0.3; transform: scaleX(0);
  transform-origin: left;
}
.hold.held::before { transform: scaleX(1); transition: transform ${HOLD_MS}ms linear; }
.request { border: 2px solid var(--error-color); border-radius: 8px; padding: 8px 12px; margin: 8px 0; overflow-wrap: anywhere; }
.tag { border-color: var(--error-color); display: flex; flex-wrap: wrap; align-items: center; gap: 8px; }
.tag ha-icon { color: var(--error-color); flex: none; }
.tag > div { flex: 1 1 12em; overflow-wrap: anywhere; }
label { display: block; margin: 8px 0; }
input {
  display: block; width: 100%; box-sizing: border-box; font: inherit; padding: 8px; margin-top: 4px; min-height: 44px;
  color: var(--primary-text-color); background: var(--card-background-color);
  border: 1px solid var(--outline-color, var(--divider-color)); border-radius: 6px;
}
.said { overflow-wrap: anywhere; }
a { color: var(--primary-color); }
`;

/** Make an element: its properties, listeners (`onclick`) and children; texts are texts. */
const made = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && name !== "role") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null && child !== ""));
  return element;
};

const timeOf = (hass, time) => {
  const zone = hass.locale?.time_zone === "server" ? hass.config?.time_zone : undefined;
  const format = new Intl.DateTimeFormat(languageOf(hass), { dateStyle: "medium", timeStyle: "short", timeZone: zone });
  return format.format(new Date(time));
};

/** Go to another page of the dashboard, within the app. */
const visit = (event, path) => {
  event.preventDefault();
  history.pushState(null, "", new URL(path, location.href));
  window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace: false } }));
};

const wordsOf = (tag) => [tag.name, tag.reason].filter((text) => text).join(" – ");

const cardOn = (Base) => class extends Base {
  setConfig(config) {
    this.config = config;
    this.told = undefined;
    if (this.isConnected) this.begin();
  }

  set hass(hass) {
    const isFirst = !this.known || this.known.connection !== hass.connection || languageOf(this.known) !== languageOf(hass);
    this.known = hass;
    if (isFirst && this.isConnected) this.begin();
  }

  get hass() {
    return this.known;
  }

  get t() {
    return textsFor(this.known);
  }

  connectedCallback() {
    if (this.known) this.begin();
  }

  disconnectedCallback() {
    this.end?.();
    this.end = undefined;
  }

  begin() {
    if (!this.config || !this.known) return;
    this.end?.();
    if (!this.shadowRoot) this.attachShadow({ mode: "open" });
    this.body = made("ha-card");
    this.shadowRoot.replaceChildren(made("style", { textContent: STYLE }), this.body);
    this.build();
    this.end = follow(this.known, this.devices, (told) => { this.told = told; this.update(); });
  }

  getCardSize() {
    return 3;
  }

  getGridOptions() {
    return { columns: "full", rows: "auto" };
  }

  async call(action, data, target, isAnswered) {
    const answer = await this.known.callWS({
      type: "call_service", domain: "acrel_safety", service: action, service_data: data, target, return_response: isAnswered,
    });
    return answer?.response;
  }
};

// -- One circuit ------------------------------------------------------------------------------------------------------

/**
 * `device`: whose it is; `circuits`: of the device; `place`: the device or circuit that acts are about; `name`.
 * Where `path` is given, it only shows, and leads there.
 */
const operateCardOn = (Base) => class extends cardOn(Base) {
  get devices() {
    return [this.config.device];
  }

  build() {
    const { t } = this;
    this.icon = made("ha-icon", { icon: "mdi:electric-switch" });
    this.position = made("div", { className: "position" });
    this.head = made("div", { className: "head" }, this.icon, made("div", {}, this.position));
    this.moving = made("p", { className: "moving", role: "status" });
    this.requests = made("div", { role: "alert" });
    this.tagList = made("div");
    this.buttons = made("div", { className: "row" });
    this.ways = made("div");
    this.panel = made("div", { className: "panel", role: "alertdialog", tabIndex: -1, hidden: true });
    this.said = made("p", { className: "said", role: "status", "aria-live": "polite" });
    this.hanging = made("div");
    this.body.setAttribute("aria-label", this.config.name);
    this.body.append(this.head, this.moving, this.requests, this.tagList, this.buttons, this.ways, this.panel, this.said, this.hanging);
    this.position.textContent = t.lost;
    this.shown = {};
    this.message = "";
    this.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.panel.hidden) this.close(this.t.cancelled);
    });
  }

  /** What is told of the circuits of this card; of several no one position can be shown. */
  get here() {
    const device = this.told?.[this.config.device];
    if (!device) return undefined;
    const circuits = this.config.circuits.map((circuit) => device.circuits[circuit]).filter((circuit) => circuit);
    return { device, circuits };
  }

  update() {
    const { t, here } = this;
    if (!here) {
      this.position.textContent = t.lost;
      for (const part of [this.requests, this.tagList, this.buttons, this.ways, this.hanging]) part.replaceChildren();
      this.shown = {};
      return;
    }
    const word = here.circuits.length === 1 ? here.circuits[0].position : null;
    this.head.className = `head ${word ?? ""}`;
    this.head.hidden = here.circuits.length !== 1;
    this.icon.setAttribute("icon", word === "closed" ? "mdi:electric-switch-closed" : "mdi:electric-switch");
    this.position.textContent = t.position[word ?? "unknown"];
    const { moving } = here.device;
    this.moving.textContent = moving ? t.moving[this.config.circuits.includes(moving.circuit) ? moving.effect : "other"] ?? t.moving.other : "";
    this.showRequests(here);
    this.showTags(here);
    if (this.config.path) this.showWay(here);
    else {
      this.showOperations(here);
      this.showHanging(here);
    }
    this.showLast(here);
  }

  /** Rebuild a part only if it says something else: what is being pressed or typed stays. */
  renew(part, told, make) {
    const key = JSON.stringify(told);
    if (this.shown[part] === key) return;
    this.shown[part] = key;
    this[part].replaceChildren(...make());
  }

  /** What an alarm asks to be cut off: whoever may decides in two steps, like whatever else is operated. */
  showRequests(here) {
    const requests = (here.device.requests ?? []).filter(
      (one) => this.config.circuits.includes(one.circuit) || (this.config.whole && one.circuit === "0"),
    );
    if (this.asked && !requests.some((one) => one.request_id === this.asked)) this.close(this.message);
    if (!requests.some((one) => one.request_id === this.keeping)) this.keeping = undefined;
    this.renew("requests", [requests, this.keeping, this.panel.hidden], () => requests.map((one) => this.request(one)));
  }

  request(one) {
    const { t } = this;
    const figure = (value) => `${value}${one.unit ? ` ${one.unit}` : ""}`;
    const measured = one.value == null ? "" : `${t.colon}${figure(one.value)}${one.limit == null ? "" : t.aside(`${t.limit} ${figure(one.limit)}`)}`;
    const block = made("div", { className: "request" },
      made("div", { className: "position" }, `${t.asks}${t.colon}${one.cause}${measured}`),
      made("div", { className: "quiet" }, `${t.since} ${timeOf(this.known, one.time)}`),
    );
    if (one.in_the_way) block.append(made("p", { className: "quiet" }, `${t.inTheWay}${t.colon}${t.cut} – ${one.in_the_way}`));
    if (!one.may_decide || this.config.path || !this.panel.hidden) return block;
    const row = made("div", { className: "row" });
    if (this.keeping === one.request_id) {
      block.append(made("p", { className: "careful" }, t.keeping));
      row.append(
        made("button", { type: "button", onclick: () => this.keep(one) }, t.keepNow),
        made("button", { type: "button", onclick: () => this.askKeep(undefined) }, t.cancel),
      );
    } else {
      row.append(
        made("button", { type: "button", onclick: () => this.select({ ...one, effect: "open" }) }, `${t.cut} …`),
        made("button", { type: "button", onclick: () => this.askKeep(one.request_id) }, `${t.keep} …`),
      );
    }
    block.append(row);
    return block;
  }

  askKeep(requestId) {
    this.keeping = requestId;
    this.update();
    this.requests.querySelector("button")?.focus();
  }

  async keep(one) {
    this.keeping = undefined;
    try {
      await this.call("dismiss_cut_off", { request_id: one.request_id }, undefined, false);
      this.say(this.t.kept);
    } catch (error) {
      this.say(error.message);
    }
    this.update();
  }

  showTags(here) {
    const tags = here.device.tags.filter((tag) => tag.circuit === "0" || this.config.circuits.includes(tag.circuit));
    this.renew("tagList", [tags, this.removing], () => [
      ...tags.map((tag) => this.tag(tag)),
      ...(tags.length ? [made("p", { className: "quiet" }, this.t.tagged)] : []),
    ]);
  }

  tag(tag) {
    const { t } = this;
    const where = tag.circuit === "0" && !this.config.whole ? t.aside(t.onDevice) : "";
    const words = made("div", {},
      made("div", { className: "position" }, `${t.tags}${where}${t.colon}${wordsOf(tag)}`),
      made("div", { className: "quiet" }, `${t.since} ${timeOf(this.known, tag.time)}`),
    );
    const row = made("div", { className: "tag" }, made("ha-icon", { icon: "mdi:lock" }), words);
    if (tag.may_remove && !this.config.path) {
      if (this.removing === tag.tag_id) {
        words.append(made("p", {}, t.removing));
        row.append(
          made("button", { type: "button", onclick: () => this.remove(tag) }, t.removeNow),
          made("button", { type: "button", onclick: () => this.askRemove(undefined) }, t.cancel),
        );
      } else row.append(made("button", { type: "button", onclick: () => this.askRemove(tag.tag_id) }, t.remove));
    }
    return row;
  }

  askRemove(tagId) {
    this.removing = tagId;
    this.update();
    this.tagList.querySelector("button")?.focus();
  }

  async remove(tag) {
    this.removing = undefined;
    try {
      await this.call("remove_tag", { tag_id: tag.tag_id }, undefined, false);
      this.say("");
    } catch (error) {
      this.say(error.message);
    }
    this.update();
  }

  showOperations(here) {
    const { t } = this;
    const operations = here.circuits.flatMap((circuit) => circuit.operations);
    this.renew("buttons", operations, () =>
      operations.map((one) =>
        made("button", { type: "button", disabled: false, onclick: () => this.select(one) },
          t.verb[one.effect] ? `${t.verb[one.effect]} …` : `${one.name} …`,
          t.verb[one.effect] || one.output
            ? made("small", {}, [t.verb[one.effect] ? one.name : "", one.output ? t.output[one.output] : ""].filter((text) => text).join(" · "))
            : null,
        ),
      ),
    );
    const ways = Object.entries(Object.groupBy(operations.filter((one) => one.in_the_way), (one) => one.in_the_way));
    const named = (some) => some.map((one) => t.verb[one.effect] ?? one.name).join(t.comma);
    this.renew("ways", ways, () =>
      ways.map(([why, some]) => made("p", { className: "quiet" }, `${t.inTheWay}${t.colon}${named(some)} – ${why}`)),
    );
  }

  showWay(here) {
    const isOffered = here.circuits.some((circuit) => circuit.operations.length);
    this.renew("buttons", isOffered, () =>
      isOffered ? [made("button", { type: "button", onclick: (event) => visit(event, this.config.path) }, `${this.t.operate} …`)] : [],
    );
  }

  showLast(here) {
    const lasts = here.circuits.map((circuit) => circuit.last).filter((last) => last);
    const last = lasts.sort((a, b) => (a.time < b.time ? 1 : -1))[0];
    if (this.lastTime !== undefined && last && last.time !== this.lastTime) this.message = "";
    this.lastTime = last?.time ?? "";
    const said = last
      ? `${this.t.last}${this.t.colon}${this.t.verb[last.effect] ?? last.name} – ${last.text} · ${last.by || this.t.program} · ${timeOf(this.known, last.time)}`
      : "";
    const text = this.message || said;
    if (this.said.textContent !== text) this.said.textContent = text;
  }

  say(text) {
    this.message = text;
    if (this.here) this.showLast(this.here);
    else this.said.textContent = text;
  }

  // -- Select, then operate

  async select(operation) {
    const { t } = this;
    this.say(t.selecting);
    let found;
    try {
      found = await this.call("select", { operation: operation.code, ...(operation.wants_proof ? { seconds: 30 } : {}) }, { device_id: this.config.place }, true);
    } catch (error) {
      this.say(error.message);
      return;
    }
    this.say("");
    this.open(operation, found);
  }

  open(operation, found) {
    const { t } = this;
    clearInterval(this.ticking);
    const until = Date.now() + found.seconds * 1000;
    const label = t.verb[operation.effect] ?? operation.name;
    const title = made("h4", { id: "title" }, `${label}${t.colon}${this.config.name}`);
    const warnings = [operation.warning, t.warning[operation.effect] ?? (["nothing", "service", "test"].includes(operation.effect) ? "" : t.warning.other)];
    const what = made("div", { id: "what" },
      made("p", {}, either(t.happens, operation.effect)),
      made("p", {}, `${t.read}${t.colon}${t.position[found.position ?? "unknown"] ?? found.position}`),
      ...warnings.filter((text) => text).map((text) => made("p", { className: "careful" }, text)),
    );
    const left = made("p", { className: "quiet" });
    const hint = made("p", { className: "quiet", role: "status" });
    const proof = operation.wants_proof ? made("input", { type: "password", autocomplete: "off", maxLength: 128 }) : null;
    const go = () => {
      if (!proof) this.operate(operation, found.token);
      else if (proof.value) this.operate(operation, found.token, proof.value);
      else {
        hint.textContent = t.proofMissing;
        proof.focus();
      }
    };
    const asking = proof
      ? made("div", {},
        made("label", {}, t.proof, proof),
        made("button", { type: "button", onclick: () => this.requestCode(hint) }, t.sendCode),
      )
      : null;
    const hold = made("button", { type: "button", className: "hold" }, `${t.hold}${t.colon}${label}`);
    const other = made("button", { type: "button", hidden: true, onclick: go }, `${t.without}${t.colon}${label}`);
    holding(hold, go, () => {
      hint.textContent = t.held;
      if (!other.hidden) return;
      other.hidden = false;
      other.disabled = true;
      setTimeout(() => { other.disabled = false; }, CALM_MS);
    });
    const cancel = made("button", { type: "button", onclick: () => this.close(t.cancelled) }, t.cancel);
    this.panel.setAttribute("aria-labelledby", "title");
    this.panel.setAttribute("aria-describedby", "what");
    const row = made("div", { className: "row" }, hold, other, cancel);
    this.panel.replaceChildren(...[title, what, asking, row, hint, left].filter((part) => part));
    const tick = () => {
      const seconds = Math.ceil((until - Date.now()) / 1000);
      if (seconds <= 0) this.close(t.late);
      else left.textContent = t.left(seconds);
    };
    tick();
    this.ticking = setInterval(tick, 1000);
    this.asked = operation.request_id;
    this.panel.hidden = false;
    this.buttons.hidden = true;
    this.update();
    this.panel.focus();
  }

  close(text) {
    clearInterval(this.ticking);
    const part = this.asked ? this.requests : this.buttons;
    this.asked = undefined;
    this.panel.hidden = true;
    this.panel.replaceChildren();
    this.buttons.hidden = false;
    this.say(text);
    this.update();
    (part.querySelector("button") ?? this.buttons.querySelector("button"))?.focus();
  }

  async requestCode(hint) {
    try {
      const { phone } = await this.call("request_code", {}, { device_id: this.config.place }, true);
      hint.textContent = this.t.codeSent(phone);
    } catch (error) {
      hint.textContent = error.message;
    }
  }

  async operate(operation, token, proof) {
    const { t } = this;
    this.close(t.sending);
    const before = this.lastTime;
    const given = proof ? { second_password: proof } : {};
    let text;
    try {
      const answer = operation.request_id
        ? await this.call("confirm_cut_off", { request_id: operation.request_id, ...given }, undefined, true)
        : await this.call("operate", { operation: operation.code, token, ...given }, { device_id: this.config.place }, true);
      ({ text } = answer);
    } catch (error) {
      text = error.message;
    }
    // What is told of it comes by itself, in the user's language.
    if (this.lastTime === before) this.say(text);
  }

  disconnectedCallback() {
    clearInterval(this.ticking);
    super.disconnectedCallback();
  }

  // -- Tags

  showHanging(here) {
    const { t } = this;
    this.renew("hanging", [here.device.may_tag, this.isHanging], () => {
      if (!here.device.may_tag) return [];
      if (!this.isHanging) {
        return [made("button", { type: "button", onclick: () => this.askHang(true) }, `${t.hang} …`)];
      }
      const reason = made("input", { required: true, maxLength: 200, name: "reason" });
      const name = made("input", { maxLength: 200, name: "name", placeholder: t.own });
      const hang = (event) => {
        event.preventDefault();
        this.hang(reason.value.trim(), name.value.trim());
      };
      return [
        made("form", { onsubmit: hang },
          made("h4", {}, `${t.hang}${t.colon}${this.config.name}`),
          made("p", { className: "quiet" }, `${t.tagged} ${t.noLock}`),
          made("label", {}, t.reason, reason),
          made("label", {}, t.name, name),
          made("div", { className: "row" },
            made("button", { type: "submit" }, t.hangNow),
            made("button", { type: "button", onclick: () => this.askHang(false) }, t.cancel),
          ),
        ),
      ];
    });
  }

  askHang(isHanging) {
    this.isHanging = isHanging;
    this.update();
    this.hanging.querySelector("input, button")?.focus();
  }

  async hang(reason, name) {
    if (!reason) return;
    try {
      await this.call("hang_tag", { reason, name }, { device_id: this.config.place }, false);
      this.isHanging = false;
      this.say("");
    } catch (error) {
      this.say(error.message);
    }
    this.update();
  }
};

/** Have a button do something when it is held: by finger, mouse or key. A short press is told, and does nothing. */
const holding = (button, done, short) => {
  let timer;
  const begin = () => {
    clearTimeout(timer);
    button.classList.add("held");
    timer = setTimeout(() => { timer = undefined; done(); }, HOLD_MS);
  };
  const end = () => {
    button.classList.remove("held");
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    short();
  };
  const isKey = (event) => event.key === "Enter" || event.key === " ";
  button.addEventListener("pointerdown", (event) => { if (event.button === 0) begin(); });
  for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) button.addEventListener(name, end);
  button.addEventListener("keydown", (event) => {
    if (!isKey(event)) return;
    event.preventDefault();
    if (!event.repeat) begin();
  });
  button.addEventListener("keyup", (event) => { if (isKey(event)) end(); });
  // A screen reader presses without pointer or key.
  button.addEventListener("click", () => { if (timer === undefined) short(); });
  button.addEventListener("contextmenu", (event) => event.preventDefault());
};

// -- All tags ---------------------------------------------------------------------------------------------------------

/** `places`: `{device, circuit, name, path}` of all that can be tagged. */
const tagsCardOn = (Base) => class extends cardOn(Base) {
  get devices() {
    return undefined;
  }

  build() {
    this.body.setAttribute("aria-label", this.t.tags);
  }

  update() {
    const { t } = this;
    const tags = Object.entries(this.told).flatMap(([device, told]) => told.tags.map((tag) => ({ ...tag, device })));
    const rows = tags.map((tag) => {
      const at = (circuit) => this.config.places.find((place) => place.device === tag.device && place.circuit === circuit);
      const place = at(tag.circuit) ?? at("0");
      return made("div", { className: "tag" },
        made("ha-icon", { icon: "mdi:lock" }),
        made("div", {},
          made("div", { className: "position" }, `${place?.name ?? tag.circuit_name}${t.colon}${wordsOf(tag)}`),
          made("div", { className: "quiet" }, `${t.since} ${timeOf(this.known, tag.time)}`),
        ),
        place ? made("a", { href: `./${place.path}`, onclick: (event) => visit(event, place.path) }, `${t.show} ${place.name}`) : null,
      );
    });
    this.body.replaceChildren(...(rows.length ? [...rows, made("p", { className: "quiet" }, t.tagged)] : [made("p", {}, t.noTags)]));
  }

};

/** Again for as long as the app may still replace the registry of elements, as 2026.10 does. */
const define = () => {
  for (const [name, cardOf] of [["acrel-safety-operate", operateCardOn], ["acrel-safety-tags", tagsCardOn]]) {
    // What elements are made of is replaced with it.
    if (!customElements.get(name)) customElements.define(name, cardOf(HTMLElement));
  }
  if (!customElements.get("home-assistant")) setTimeout(define, 50);
};
define();
