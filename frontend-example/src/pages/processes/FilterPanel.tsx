/** The filters that offer a choice: loaded when somebody opens them. */
import { useLive } from "../../api/useLive";
import { Choice, type Option } from "../../components/filters/Choice";
import { Moment } from "../../components/filters/Moment";
import { optionsOf, workflowOptions } from "../../components/filters/options";
import type { Change } from "../../components/filters/useFilters";
import { Problem } from "../../components/Problem";
import type { FilterChoicesQuery, ProcessRowFragment } from "../../gql/graphql";
import { FILTER_CHOICES } from "../../operations/processes";
import type { Filters } from "./filters";

interface Props {
  filters: Filters;
  rows: readonly ProcessRowFragment[];
  viewer: { id: string; name: string } | null;
  onChange: Change;
}

export default function FilterPanel({ filters, rows, viewer, onChange }: Props) {
  const { data, error, refresh } = useLive(FILTER_CHOICES, {}, { concerns: () => false });
  if (error && !data) return <Problem error={error} title="The filters were not read." onRetry={refresh} />;
  const choose = (name: string) => (value: string) => onChange({ [name]: value });
  return (
    <div className="filter-panel">
      <Choice label="Workflow" value={filters.workflow} options={workflowOptions(data?.workflows?.nodes ?? [])} onChoose={choose("workflow")} />
      <Choice label="Product" value={filters.product} options={productsOf(data)} onChoose={choose("product")} />
      <Choice label="Waits for the team" value={filters.team} options={teamsOf(data)} onChoose={choose("team")} />
      <Choice label="Started by" value={filters.by} options={peopleOf(rows, viewer)} onChoose={choose("by")} />
      <Choice label="Failure code" value={filters.code} options={codesOf(data)} onChoose={choose("code")} />
      <Moment label="Started after" value={filters.from} onChoose={choose("from")} />
      <Moment label="Started before" value={filters.to} onChoose={choose("to")} />
    </div>
  );
}

type Choices = FilterChoicesQuery | null;

const productsOf = (data: Choices): Option[] => optionsOf((data?.products?.nodes ?? []).map(({ name }) => [name, name]));

function teamsOf(data: Choices): Option[] {
  const asked = (data?.workflows?.nodes ?? []).flatMap(({ steps }) => steps.map(({ assignee }) => assignee));
  const teams = [...asked, ...(data?.viewer.assignees ?? [])].filter((team) => team !== null && team !== undefined);
  return optionsOf(teams.map(({ key, name }) => [key, name]));
}

function codesOf(data: Choices): Option[] {
  const counts = new Map<string, number>();
  for (const { codes } of data?.stats?.failuresByWorkflow ?? [])
    for (const { code, count } of codes) counts.set(code, (counts.get(code) ?? 0) + count);
  return optionsOf([...counts].map(([code, count]) => [code, `${code} (${count} in 7 days)`]));
}

/** The person, and those who started what is shown: the server has no list of people. */
function peopleOf(rows: readonly ProcessRowFragment[], viewer: Props["viewer"]): Option[] {
  const starters = rows.map(({ createdBy }) => createdBy).filter((user) => user !== null && user !== undefined);
  const others = optionsOf(starters.filter(({ id }) => id !== viewer?.id).map(({ id, name }) => [id, name]));
  return viewer ? [{ value: viewer.id, label: `Me (${viewer.name})` }, ...others] : others;
}
