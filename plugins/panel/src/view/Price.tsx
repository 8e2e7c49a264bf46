/** What it would take and cost, what the server would change, and the two buttons. */
import { faultsAt } from "../model/asking";
import type { Panel } from "../model/panel";
import { bytesWords, moneyWords, secondsOf, timeWords } from "../model/words";
import { AdaptationLevel, type Estimate } from "../proto/secondunit/v1/plans_pb";
import type { BudgetState } from "../proto/secondunit/v1/ledger_pb";
import { Trouble } from "./Field";

/** Fields whose faults stand beside their own controls. */
const ELSEWHERE = [
  "engine", "prompt", "negative", "takes", "handles", "seed", "strength", "preset", "delivery",
  "place", "grain", "speed", "record", "mask", "keyframes", "strokes", "ambients", "cameras",
];

export function Price({ panel }: { readonly panel: Panel }) {
  const { asking, session } = panel;
  const outlook = asking.outlook.value;
  const plan = outlook?.plan;
  const faults = plan?.faults ?? [];
  const beside = faultsAt(faults, ...ELSEWHERE);
  const rest = faults.filter((fault) => !beside.includes(fault));
  const changed = (plan?.plans[0]?.adaptations ?? []).filter(({ level }) => level !== AdaptationLevel.EXACT);
  const away = session.standing.value !== "paired";
  const ready = asking.request.value !== undefined && faults.length === 0 && !away;
  const why = away
    ? "The server does not answer."
    : faults.length > 0 ? "Something above is not right yet." : "";
  return (
    <section class="price" aria-label="Price">
      {asking.trouble.value !== undefined && <Trouble trouble={asking.trouble.value} />}
      {rest.length > 0 && (
        <ul class="fault" role="alert">
          {rest.map(({ what, path }) => <li key={path + what}>{what}.</li>)}
        </ul>
      )}
      {faults.length > rest.length && (
        <p class="fault says">{beside.length === 1 ? "One control" : `${beside.length} controls`} above: see there.</p>
      )}
      {changed.length + (plan?.notices.length ?? 0) > 0 && (
        <ul class="changes">
          {changed.map(({ what, level, path }) => (
            <li key={path + what} data-level={AdaptationLevel[level].toLowerCase()}>{what}</li>
          ))}
          {plan?.notices.map((notice) => <li key={notice}>{notice}</li>)}
        </ul>
      )}
      <p class="estimate" data-testid="estimate" aria-busy={asking.thinking.value}>
        {plan === undefined
          ? asking.thinking.value ? "Working out the price …" : ""
          : estimateWords(plan.estimate)}
        {panel.budgets.value.map((budget) => <Left key={budget.budget?.project} state={budget} />)}
      </p>
      <div class="bar chiefs">
        <button type="button" disabled={!ready} title={why} onClick={() => void panel.make(true)}>
          Draft{briefly(outlook?.draft)}
        </button>
        <button type="submit" disabled={!ready} title={why}>
          Make{briefly(plan?.estimate)}
        </button>
      </div>
    </section>
  );
}

function briefly(estimate: Estimate | undefined): string {
  const seconds = secondsOf(estimate?.renderTime);
  if (estimate?.reused === true) return ", made already";
  return seconds === undefined ? "" : `, ${timeWords(seconds)}`;
}

function estimateWords(estimate: Estimate | undefined): string {
  if (estimate === undefined) return "";
  if (estimate.reused) return "This very take was made before: it takes no time and costs nothing.";
  const seconds = secondsOf(estimate.renderTime);
  const [earliest, latest] = [secondsOf(estimate.earliest), secondsOf(estimate.latest)];
  const between = earliest !== undefined && latest !== undefined
    ? ` (${timeWords(earliest)} to ${timeWords(latest)})` : "";
  const time = seconds === undefined
    ? "How long it takes is not known: nothing like it was made here yet"
    : `About ${timeWords(seconds)}${between}`;
  const cost = estimate.cost === undefined ? "" : `, ${moneyWords(estimate.cost)}`;
  const size = estimate.fileBytes > 0n ? `, a file of ${bytesWords(estimate.fileBytes)}` : "";
  return `${time}${cost}${size}.`;
}

function Left({ state }: { readonly state: BudgetState }) {
  const { budget, spent, reserved } = state;
  const whose = [budget?.project, budget?.user].filter((name) => name !== undefined && name !== "").join(", ");
  if (budget?.cost !== undefined) {
    const used = (spent?.micros ?? 0n) + (reserved?.micros ?? 0n);
    const left = { ...budget.cost, micros: budget.cost.micros - used };
    return <span> {moneyWords(left)} left of {moneyWords(budget.cost)} ({whose}).</span>;
  }
  const whole = secondsOf(budget?.deviceTime) ?? 0;
  const left = whole - (secondsOf(state.spentTime) ?? 0) - (secondsOf(state.reservedTime) ?? 0);
  return <span> {left <= 0 ? "No time" : timeWords(left)} left of {timeWords(whole)} ({whose}).</span>;
}
