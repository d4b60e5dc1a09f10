// The dashboard of Acrel Safety: `strategy: {type: custom:acrel-safety}`. It only arranges cards: Home Assistant's own,
// and for what can be operated those of acrel-safety-operate.js.
// Everything here is a function of what `acrel_safety/structure` says; states come in by the cards themselves.

const TAG = "acrel-safety";
const HOURS = 24;
const RECORD_HOURS = 7 * 24;
const DAY_ROWS = 6;
const RECORD_ROWS = 12;
const REMEMBER_MS = 3000;
const TRY_AGAIN_MS = 500;
const MOST_TRIES = 240;
const MOST_SECTION_COLUMNS = 4;

const TEXTS = {
  en: {
    title: "Electrical safety",
    description: "Alarms, boards and circuits of the Acrel instruments. Follows what is set up.",
    overview: "Overview",
    record: "Record",
    hazards: "Hazards",
    events: "What happened",
    wrong: "What is wrong now",
    unseen: "What cannot be seen",
    boards: "Boards",
    noAlarm: "No alarm stands on what can be seen.",
    allSeen: "Everything that is watched can be seen.",
    nothing: "Nothing is set up yet, or it is still loading. Add a link under Settings → Devices & services.",
    unwatched: "is not heard; its model has no alarms",
    notHeard: "is not heard now",
    blind: "its model has no alarms that could be watched",
    dark: "Safety is disabled here: no alarm of this place can be shown. Enable that entity.",
    darkAlarms: "Alarms that stood here when this page was opened",
    darkNew: "of them not acknowledged",
    comma: ", ",
    noWord: "says nothing (not loaded, or still loading)",
    behind: "boards behind it",
    worst: "at worst",
    now: "now",
    limit: "limit",
    ownLimit: "own limit",
    rated: "rated",
    since: "since",
    show: "Show",
    acknowledge: "Acknowledge",
    acknowledging: "You confirm that you know of the alarm. It is recorded with your name; nothing is switched.",
    reset: "Reset",
    resetting: "The trip is taken for dealt with. It is recorded with your name; nothing is switched.",
    state: "State",
    figures: "Figures",
    raised: "Alarms that are on",
    circuits: "Circuits",
    tags: "Lock-out tags",
    words: {
      tripped: "Tripped", trip: "Tripped", alarm: "Alarm", fault: "Fault", pre_alarm: "Pre-alarm", not_seen: "Not seen",
      unacknowledged: "not acknowledged", acknowledged: "acknowledged", shelved: "shelved", suppressed: "suppressed",
      returned_unacknowledged: "over, not acknowledged", out_of_service: "out of service",
    },
    families: {
      residual_current: "Residual current", temperature: "Temperature", current: "Current", insulation: "Insulation",
      voltage: "Voltage",
    },
  },
  zh: {
    title: "电气安全",
    description: "安科瑞仪表的报警、配电箱与回路，随配置自动更新。",
    overview: "总览",
    record: "记录",
    hazards: "隐患",
    events: "事件经过",
    wrong: "当前异常",
    unseen: "无法监视",
    boards: "配电箱",
    noAlarm: "可监视范围内没有报警。",
    allSeen: "所有监视对象均可读取。",
    nothing: "尚未配置，或仍在加载。请在“设置 → 设备与服务”中添加链路。",
    unwatched: "无应答（该型号没有报警）",
    notHeard: "目前无应答",
    blind: "该型号没有可监视的报警",
    dark: "此处的“安全”实体已禁用，无法显示任何报警。请启用该实体。",
    darkAlarms: "打开本页时此处的报警",
    darkNew: "其中未确认",
    comma: "，",
    noWord: "无状态（未加载或仍在加载）",
    behind: "其后的配电箱",
    worst: "最严重时",
    now: "当前",
    limit: "限值",
    ownLimit: "自设限值",
    rated: "额定",
    since: "始于",
    show: "查看",
    acknowledge: "确认",
    acknowledging: "您确认已知悉该报警。将以您的姓名记录，不会操作任何开关。",
    reset: "复位",
    resetting: "视为该脱扣已处理。将以您的姓名记录，不会操作任何开关。",
    state: "状态",
    figures: "数值",
    raised: "已触发的报警",
    circuits: "回路",
    tags: "锁定牌",
    words: {
      tripped: "已脱扣", trip: "已脱扣", alarm: "报警", fault: "故障", pre_alarm: "预警", not_seen: "无法监视",
      unacknowledged: "未确认", acknowledged: "已确认", shelved: "已搁置", suppressed: "已抑制",
      returned_unacknowledged: "已恢复，未确认", out_of_service: "停用",
    },
    families: {
      residual_current: "剩余电流", temperature: "温度", current: "电流", insulation: "绝缘", voltage: "电压",
    },
  },
};

const languageOf = (hass) => hass.locale?.language ?? hass.language ?? "en";
const textsFor = (hass) => (languageOf(hass).startsWith("zh") ? TEXTS.zh : TEXTS.en);

// -- What there is ----------------------------------------------------------------------------------------------------

const isUsed = (hass, component) => hass.config.components.includes(component);
const overviewPath = "overview";
const pathOf = (place) => `place-${place.id}`;
const fullName = (board, place) => (place === board ? board.name : `${board.name} · ${place.name}`);
const placesOf = (board) => [board, ...board.circuits];
const present = (entities) => entities.filter((entity) => entity);

/** What the templates go through: all that has a word, and devices that could at least be silent. */
const shownIn = (structure) => {
  const numbers = (board) => board.circuits.map((circuit) => circuit.number);
  return [
    ...structure.links.map((link) => {
      const behind = structure.boards.filter((board) => board.link === link.id).length;
      return shown(link, "link", { name: link.name, behind, path: "record" });
    }),
    ...structure.boards.flatMap((board) => {
      const link = structure.links.find((one) => one.id === board.link)?.safety ?? "";
      return [
        shown(board, "board", { name: board.name, path: pathOf(board), inner: numbers(board), link }),
        ...board.circuits.map((circuit) =>
          shown(circuit, "circuit", { name: fullName(board, circuit), path: pathOf(circuit) }),
        ),
      ];
    }),
  ];
};

/** All keys are always there: a template takes a missing one for a mistake. */
const shown = (place, kind, more) => ({
  entity: place.safety, connection: place.connection, kind, path: "", inner: [], link: "", behind: 0,
  dark: place.dark ?? null, is_blind: place.is_blind ?? false, ...more,
});

// -- Texts that follow the states: templates, in which every name is a value and no sign of it is markup ---------------

const MACROS = `\
{%- macro plain(text) -%}
{%- for sign in text | string -%}{{ sign if sign.isalnum() or sign == ' ' else '&#' ~ (sign | ord) ~ ';' }}{%- endfor -%}
{%- endmacro -%}
{%- macro figure(value, unit) -%}
{{ plain('%.7g' | format(value) if value is number and value is not boolean else value) }}
{{- ' ' ~ plain(unit) if unit else '' }}
{%- endmacro -%}
{%- macro said(one) -%}
{{- plain(config.causes.get(one.cause, one.cause) or '') }}
{%- if one.over and one.worst_value is number and one.worst_value is not boolean %}: {{ config.texts.worst }} **{{ figure(one.worst_value, one.unit) }}**
{%- if one.value is number and one.value is not boolean %}{{ config.texts.comma }}{{ config.texts.now }} {{ figure(one.value, one.unit) }}{% endif %}
{%- elif one.value is not none and one.value is not boolean %}: **{{ figure(one.value, one.unit) }}**{% endif %}
{%- if one.limit is not none %}{{ config.texts.comma }}{{ config.texts.limit }} {{ figure(one.limit, one.unit) }}{% endif -%}
{%- endmacro -%}
{%- macro alarm(place, alarms, kind) -%}
{%- set first = alarms[0] -%}
<ha-alert alert-type="{{ kind }}" title="{{ plain(place.name) }}: {{ config.texts.words[first.level] }}">
{{- said(first) }}
{%- if first.since -%}
<br>{{ config.texts.since }} {{ (first.since | as_datetime | as_local).strftime('%Y-%m-%d %H:%M') }} ·{{ ' ' }}
{%- endif %}
{%- if place.behind %}{{ config.texts.behind }}: {{ place.behind }} · {% endif %}
{%- if first.state in config.texts.words %}{{ config.texts.words[first.state] }}{{ ' · ' if place.path }}{% endif %}
{%- if place.path %}[{{ config.texts.show }} {{ plain(place.name) }}](./{{ place.path }}){% endif %}
{%- for one in alarms[1:] -%}
<br>{{ config.texts.words[one.level] }}: {{ said(one) }}
{%- if one.state in config.texts.words %} · {{ config.texts.words[one.state] }}{% endif %}
{%- endfor %}
{%- set more = (state_attr(place.entity, 'others_count') or 0) - (state_attr(place.entity, 'others') or []) | length %}
{%- if more > 0 and place.kind != 'link' %}<br>+ {{ more }}{% endif -%}
</ha-alert>

{% endmacro -%}
`;

/** All that is known of a place, the gravest first; of a board what is its own, and not its circuits'. */
const KNOWN = `\
{%- set found = namespace(known={}) -%}
{%- for key in ['cause', 'level', 'state', 'circuit', 'value', 'worst_value', 'over', 'limit', 'unit', 'since'] -%}
{%- set found.known = dict(found.known, **{key: state_attr(place.entity, key)}) -%}
{%- endfor -%}
{%- set all = [found.known] + (state_attr(place.entity, 'others') or []) -%}
{%- set own = all | rejectattr('circuit', 'in', place.inner) | rejectattr('level', 'none') | list -%}`;

// The alarm of a circuit stands at its board and its link as well: there it is named only if it is their own.
const WRONG = `${MACROS}
{%- set ns = namespace(any=false) -%}
{%- for level in ['trip', 'alarm', 'fault', 'pre_alarm'] -%}
{%- for place in config.places if place.kind != 'link' and place.entity
    and states(place.entity) in ['tripped', 'alarm', 'fault', 'pre_alarm', 'not_seen'] -%}
${KNOWN}
{%- if own and own[0].level == level -%}
{%- set ns.any = true -%}
{{ alarm(place, own, 'warning' if level == 'pre_alarm' else 'error') }}
{%- endif -%}
{%- endfor -%}
{%- endfor -%}
{%- for place in config.places if place.dark and place.dark.alarms -%}
{%- set ns.any = true -%}
<ha-alert alert-type="error" title="{{ plain(place.name) }}">{{ config.texts.darkAlarms }}: {{ place.dark.alarms -}}
{{ config.texts.comma }}{{ config.texts.darkNew }}: {{ place.dark.unacknowledged }}</ha-alert>

{% endfor -%}
{%- if not ns.any %}{{ config.texts.noAlarm if config.places else config.texts.nothing }}{% endif %}`;

// A link of which nothing is heard stands for the boards behind it.
const UNSEEN = `${MACROS}
{%- macro note(place, text) -%}
<ha-alert alert-type="warning">{{ plain(place.name) }}: {{ text }}
{%- if place.behind %} ({{ config.texts.behind }}: {{ place.behind }}){% endif -%}
</ha-alert>

{% endmacro -%}
{%- set ns = namespace(any=not config.places, links=[]) -%}
{%- for place in config.places if place.dark -%}
{%- set ns.any = true -%}
{{ note(place, config.texts.dark) }}
{%- endfor -%}
{%- for place in config.places if place.kind != 'circuit' and not place.dark
    and (place.link not in ns.links or (place.entity and (state_attr(place.entity, 'unacknowledged') or 0) > 0)) -%}
{%- set word = states(place.entity) if place.entity else none -%}
{%- if word in ['unknown', 'unavailable'] -%}
{%- set ns.any = true -%}
{%- if place.kind == 'link' %}{% set ns.links = ns.links + [place.entity] %}{% endif -%}
{{ note(place, config.texts.noWord) }}
{%- elif place.kind == 'link' -%}
{%- if word == 'not_seen' and state_attr(place.entity, 'board') == place.name -%}
{%- set ns.any = true -%}
{%- set ns.links = ns.links + [place.entity] -%}
${KNOWN}
{{ alarm(place, all[:1], 'warning') }}
{%- endif -%}
{%- elif word == 'not_seen' -%}
{%- set ns.any = true -%}
${KNOWN}
{{ alarm(place, own if own and own[0].level == 'not_seen' else all[:1], 'warning') }}
{%- elif place.connection and not is_state(place.connection, 'on') -%}
{%- set ns.any = true -%}
{{ note(place, config.texts.unwatched if word is none else config.texts.notHeard) }}
{%- elif place.is_blind -%}
{%- set ns.any = true -%}
{{ note(place, config.texts.blind) }}
{%- endif -%}
{%- endfor -%}
{%- if not ns.any %}{{ config.texts.allSeen }}{% endif %}`;

const ONE = `${MACROS}
{%- for place in config.places -%}
${KNOWN}
{%- if own -%}
{{ alarm(place, own, 'error' if own[0].level in ['trip', 'alarm', 'fault'] else 'warning') }}
{%- endif -%}
{%- endfor -%}`;

// -- Cards ------------------------------------------------------------------------------------------------------------

const FULL = { columns: "full" };
const OWN_NAME = { type: "entity" };
const isState = (entity, ...states) => ({ condition: "state", entity, state: states });
const isNone = (entity, ...states) => ({ condition: "state", entity, state_not: states });
const heading = (text, icon, more = {}) => ({ type: "heading", heading: text, icon, ...more });
const section = (cards, columns = 1) => ({ type: "grid", column_span: columns, cards });
const go = (place) => ({ action: "navigate", navigation_path: pathOf(place) });
const template = (content, places, texts, causes) => ({
  type: "markdown",
  text_only: true,
  content,
  places,
  texts,
  causes,
  grid_options: FULL,
});

const COLORS = [
  ["green", ["safe"]],
  ["amber", ["pre_alarm"]],
  ["red", ["alarm", "fault", "tripped"]],
];

/** No card colours a sensor by its word, so there is a tile for each colour, of which one is to be seen. */
const stateTiles = (place, name, more) => {
  if (place.dark) return [];
  if (!place.safety) return place.connection ? [{ type: "tile", entity: place.connection, name, color: "blue-grey", ...more }] : [];
  const tile = { type: "tile", entity: place.safety, name, state_content: ["state", "cause"], ...more };
  const known = COLORS.flatMap(([, words]) => words);
  return [
    ...COLORS.map(([color, words]) => ({ ...tile, color, visibility: [isState(place.safety, ...words)] })),
    { ...tile, color: "grey", visibility: [isNone(place.safety, ...known)] },
  ];
};

/** A tile that acts on the alarm of a place, after a question. */
const action = (t, place, name, verb, visibility) => ({
  type: "tile",
  entity: place.safety,
  name: `${t[verb]}: ${name}`,
  icon: verb === "reset" ? "mdi:restore-alert" : "mdi:check-circle-outline",
  color: "primary",
  hide_state: true,
  tap_action: {
    action: "perform-action",
    perform_action: `acrel_safety.${verb}`,
    target: { entity_id: place.safety },
    confirmation: { text: `${name}: ${verb === "reset" ? t.resetting : t.acknowledging}` },
  },
  icon_tap_action: { action: "none" },
  visibility,
  grid_options: FULL,
});

/** Whether there is an alarm at a place that nobody knows of; those of a board and of its circuits are counted apart. */
const isUnknownToAll = (place) => ({
  condition: "numeric_state", entity: place.safety, attribute: "unacknowledged", above: 0,
});

/** What a person can do about the alarms of a board: one tile for each place where nobody has acknowledged yet. */
const acknowledging = (t, board) => {
  const cards = placesOf(board)
    .filter((place) => place.safety)
    .map((place) => action(t, place, fullName(board, place), "acknowledge", [isUnknownToAll(place)]));
  if (!board.safety || !cards.length) return [];
  // A stack that is hidden costs nothing, however many circuits are in it.
  return [{ type: "vertical-stack", cards, visibility: [isNone(board.safety, "safe", "unknown", "unavailable")], grid_options: FULL }];
};

/** The same where no entity of a place shows whether anything is new: by its device, as it was when the page was opened. */
const acknowledgingUnseen = (t, place, name) =>
  place.dark?.unacknowledged
    ? [{
        type: "button",
        name: `${t.acknowledge}: ${name}`,
        icon: "mdi:check-circle-outline",
        tap_action: {
          action: "perform-action",
          perform_action: "acrel_safety.acknowledge",
          target: { device_id: place.id },
          confirmation: { text: `${name}: ${t.acknowledging}` },
        },
        grid_options: FULL,
      }]
    : [];

/** What a page says of a place whose word is disabled. */
const unseen = (t, place, name) =>
  place.dark ? [{ type: "markdown", text_only: true, content: t.dark, grid_options: FULL }, ...acknowledgingUnseen(t, place, name)] : [];

const entities = (rows) => ({
  type: "entities",
  state_color: true,
  entities: rows.map((entity) => ({ entity, name: OWN_NAME })),
  grid_options: FULL,
});

// -- What can be operated: cards of our own, in acrel-safety-operate.js -----------------------------------------------

const isOperated = (board) => placesOf(board).some((place) => (place.operated ?? []).length);

/** The card of a place; of a circuit that has a page, on the page of its board, it only leads there. */
const operating = (board, place, isLeading = false) =>
  (place.operated ?? []).length || (place === board && isOperated(board))
    ? [{
        type: "custom:acrel-safety-operate",
        device: board.id,
        place: place.id,
        circuits: place.operated ?? [],
        name: fullName(board, place),
        whole: place === board,
        ...(isLeading ? { path: pathOf(place) } : {}),
        grid_options: FULL,
      }]
    : [];

/** What closes or cuts off by itself there, as its entities say. */
const byItself = (place) => ((place.by_itself ?? []).length ? [entities(place.by_itself)] : []);

const tagsOf = (t, structure) => {
  const boards = structure.boards.filter(isOperated);
  if (!boards.length) return [];
  const places = boards.flatMap((board) => [
    { device: board.id, circuit: "0", name: board.name, path: pathOf(board) },
    ...placesOf(board).flatMap((place) =>
      (place.operated ?? []).map((circuit) => ({ device: board.id, circuit, name: fullName(board, place), path: pathOf(place) })),
    ),
  ]);
  return [section([heading(t.tags, "mdi:lock"), { type: "custom:acrel-safety-tags", places, grid_options: FULL }], 2)];
};

const figuresOf = (place) => [
  ...new Set(present([...(place.positions ?? []), ...place.load, ...place.graphs.flatMap((graph) => [...graph.values, ...graph.limits])])),
];

const rating = (t, place) => (place.rating ? ` · ${t.rated} ${place.rating} A` : "");

// -- Views ------------------------------------------------------------------------------------------------------------

const sections = (cards) => ({
  type: "sections",
  max_columns: MOST_SECTION_COLUMNS,
  dense_section_placement: true,
  sections: cards,
});

const overview = (t, structure) => {
  const places = shownIn(structure);
  const causes = structure.causes ?? {};
  return sections([
    section([
      heading(t.wrong, "mdi:alert"),
      template(WRONG, places, t, causes),
      ...structure.boards.flatMap((board) => placesOf(board).flatMap((place) => acknowledgingUnseen(t, place, fullName(board, place)))),
      ...structure.links.flatMap((link) => acknowledging(t, { ...link, circuits: [] })),
      ...structure.boards.flatMap((board) => acknowledging(t, board)),
    ], 2),
    section([heading(t.unseen, "mdi:eye-off"), template(UNSEEN, places, t, causes)], 2),
    ...tagsOf(t, structure),
    section([
      heading(t.boards, "mdi:view-grid"),
      ...structure.boards.flatMap((board) => stateTiles(board, board.name, { tap_action: go(board), grid_options: { columns: 12 } })),
    ], MOST_SECTION_COLUMNS),
  ]);
};

const boardView = (t, board) =>
  sections([
    section([
      heading(board.name, "mdi:view-grid"),
      ...stateTiles(board, t.state, { grid_options: FULL }),
      ...unseen(t, board, board.name),
      ...acknowledging(t, board),
      ...operating(board, board),
      ...byItself(board),
      ...(figuresOf(board).length ? [entities(figuresOf(board))] : []),
    ]),
    ...board.circuits.map((circuit) =>
      section([
        heading(`${circuit.name}${rating(t, circuit)}`, "mdi:electric-switch", { tap_action: go(circuit) }),
        ...stateTiles(circuit, t.state, { tap_action: go(circuit), grid_options: FULL }),
        ...unseen(t, circuit, fullName(board, circuit)),
        ...operating(board, circuit, true),
        ...byItself(circuit),
        ...(figuresOf(circuit).length ? [entities(figuresOf(circuit))] : []),
      ]),
    ),
  ]);

/** A day of one quantity. No card draws limits, so each is a series of its own, flat as long as nobody changes it. */
const graph = (t, drawn) => {
  const own = drawn.own.length ? ` · ${t.ownLimit} ${drawn.own.join(", ")} ${drawn.unit}` : "";
  return section([
    heading(`${t.families[drawn.family]}${own}`, "mdi:chart-line"),
    {
      type: "history-graph",
      hours_to_show: HOURS,
      entities: [...drawn.values, ...drawn.limits, ...drawn.own_entities].map((entity) => ({ entity, name: OWN_NAME })),
      grid_options: FULL,
    },
  ], 2);
};

const circuitView = (t, board, place, hass, causes) => {
  const name = fullName(board, place);
  const graphs = isUsed(hass, "history") ? place.graphs.filter((drawn) => drawn.values.length) : [];
  const verbs = place.safety
    ? [
        action(t, place, name, "acknowledge", [isUnknownToAll(place)]),
        action(t, place, name, "reset", [
          isState(place.safety, "tripped"),
          { ...isState(place.safety, "acknowledged"), attribute: "state" },
        ]),
      ]
    : [];
  const raised = {
    type: "entity-filter",
    entities: place.alarms.map((entity) => ({ entity, name: OWN_NAME })),
    conditions: [{ condition: "state", state: "on" }],
    card: { type: "entities", title: t.raised, state_color: true },
    show_empty: false,
    grid_options: FULL,
  };
  return sections([
    section([
      heading(`${name}${rating(t, place)}`, "mdi:electric-switch"),
      ...stateTiles(place, t.state, { grid_options: FULL }),
      ...unseen(t, place, name),
      ...(place.safety ? [template(ONE, [shown(place, "circuit", { name })], t, causes)] : []),
      ...verbs,
      ...operating(board, place),
      ...byItself(place),
      ...(place.alarms.length ? [raised] : []),
    ]),
    ...graphs.map((drawn) => graph(t, drawn)),
    ...(figuresOf(place).length ? [section([heading(t.figures, "mdi:counter"), entities(figuresOf(place))])] : []),
    ...(place.safety ? events(t, [place.safety], hass, HOURS, DAY_ROWS) : []),
  ]);
};

const events = (t, of, hass, hours, rows) =>
  isUsed(hass, "logbook") && of.length
    ? [
        section([
          heading(t.events, "mdi:history"),
          {
            type: "logbook",
            target: { entity_id: of },
            hours_to_show: hours,
            // What the record says, and not each change of a state besides.
            state_filter: ["acrel_safety_recorded"],
            grid_options: { ...FULL, rows },
          },
        ], 2),
      ]
    : [];

const recordView = (t, structure, hass) => {
  const lists = structure.links.filter((link) => link.hazards);
  const boards = structure.boards.flatMap(placesOf);
  const all = present([...structure.links, ...boards].map((place) => place.safety));
  return sections([
    ...(lists.length
      ? [
          section([
            heading(t.hazards, "mdi:clipboard-alert"),
            ...lists.map((link) => ({
              type: "todo-list", title: link.name, entity: link.hazards, hide_create: true, grid_options: FULL,
            })),
          ], 2),
        ]
      : []),
    ...events(t, all, hass, RECORD_HOURS, RECORD_ROWS),
  ]);
};

/** Return the view that a strategy in a view names; of a place that is gone an empty one. */
export const viewOf = (config, hass, structure) => {
  const t = textsFor(hass);
  if (config.view === "record") return recordView(t, structure, hass);
  if (config.view !== "place") return overview(t, structure);
  for (const board of structure.boards) {
    const place = placesOf(board).find((one) => one.id === config.place);
    if (place) return place === board && board.circuits.length ? boardView(t, board) : circuitView(t, board, place, hass, structure.causes ?? {});
  }
  return sections([section([heading(t.nothing, "mdi:help-circle")])]);
};

/** Return the dashboard: its views are made when they are opened. */
export const dashboardOf = (config, hass, structure) => {
  const t = textsFor(hass);
  const view = (title, path, icon, more, asked) => ({
    title, path, icon, ...more, strategy: { type: `custom:${TAG}`, ...asked },
  });
  const subview = (board, place) =>
    view(fullName(board, place), pathOf(place), undefined, {
      subview: true,
      ...(place === board ? {} : { back_path: pathOf(board) }),
    }, { view: "place", place: place.id });
  return {
    title: config.title ?? t.title,
    views: [
      view(t.overview, overviewPath, "mdi:shield-home", {}, { view: "overview" }),
      view(t.record, "record", "mdi:history", {}, { view: "record" }),
      ...structure.boards.flatMap((board) => placesOf(board).map((place) => subview(board, place))),
    ],
  };
};

// -- What Home Assistant asks -----------------------------------------------------------------------------------------

/** Ask, and once more as long as Home Assistant starts and does not know the question, or the connection is lost. */
const answerOf = async (hass, language) => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await hass.callWS({ type: "acrel_safety/structure", language });
    } catch (error) {
      const isEarly = typeof error === "number" || error?.code === "unknown_command";
      // The frontend shows what is no Error as "[object Object]".
      if (!isEarly || tries >= MOST_TRIES) throw new Error(error?.message ?? String(error));
    }
    await new Promise((again) => setTimeout(again, TRY_AGAIN_MS));
  }
};

let asked = {};
/** Ask once for all views of one moment. The registries are other objects as soon as anything in them changed. */
const structureOf = (hass) => {
  const { connection, devices, entities } = hass;
  const language = languageOf(hass);
  const isSame = asked.connection === connection && asked.devices === devices && asked.entities === entities
    && asked.language === language;
  if (!isSame || Date.now() - asked.at > REMEMBER_MS) {
    const answer = answerOf(hass, language);
    asked = { connection, devices, entities, language, at: Date.now(), answer };
    answer.catch(() => { asked = {}; });
  }
  return asked.answer;
};

const strategy = (make) =>
  class extends HTMLElement {
    static noEditor = true;

    /** What the dialog "Add dashboard" begins with, so that one click is left. */
    static getCreateSuggestions(hass) {
      return { title: textsFor(hass).title, icon: "mdi:shield-home" };
    }

    static async generate(config, hass) {
      return make(config, hass, await structureOf(hass));
    }
  };

/** Define the elements; again for as long as the app may still replace the registry of elements, as 2026.10 does. */
const define = () => {
  for (const [kind, make] of [["dashboard", dashboardOf], ["view", viewOf]]) {
    const name = `ll-strategy-${kind}-${TAG}`;
    if (!customElements.get(name)) customElements.define(name, strategy(make));
  }
  if (!customElements.get("home-assistant")) setTimeout(define, 50);
};
define();

window.customStrategies ??= [];
if (!window.customStrategies.some((known) => known.type === TAG)) {
  const t = (navigator.language ?? "en").startsWith("zh") ? TEXTS.zh : TEXTS.en;
  window.customStrategies.push({
    type: TAG,
    strategyType: "dashboard",
    name: "Acrel Safety",
    description: t.description,
    documentationURL: "https://github.com/acrel-safety/acrel_safety/blob/main/docs/page.md",
  });
}
