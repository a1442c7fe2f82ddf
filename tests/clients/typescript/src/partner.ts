// A partner's program: plain fetch, generated types, one line of JSON with what it has read.
import {
  AgencyDocument,
  FirmDocument,
  LicencePagesDocument,
  type LicencePagesQueryVariables,
  ListsOfQuarterDocument,
  NameFragmentDoc,
  NodeDocument,
  NodesDocument,
  PractitionerDocument,
  RatingsOfYearDocument,
  RecordLineFragmentDoc,
  TurningFragmentDoc,
  type TypedDocumentString,
  VehicleDocument,
  WhoAmIDocument,
  WordsDocument,
} from './gql/graphql.js';
import { useFragment as part } from './gql/index.js';

class Refused extends Error {
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

// The service was started with the list of our documents (XINTU_DOCUMENTS): their hash is enough.
function ask<Result, Variables>(document: TypedDocumentString<Result, Variables>, variables: Variables): Promise<Result> {
  const sha256Hash: unknown = document.__meta__?.['hash'];
  return send({ extensions: { persistedQuery: { version: 1, sha256Hash } }, variables });
}

// What no list has is sent in full.
function askInFull<Result, Variables>(document: TypedDocumentString<Result, Variables>, variables: Variables): Promise<Result> {
  return send({ query: document.toString(), variables });
}

async function send<Result>(body: object): Promise<Result> {
  const answer = await fetch(given.address, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      authorization: `Bearer ${given.key}`,
    },
    body: JSON.stringify(body),
  });
  const told = (await answer.json()) as {
    data?: Result;
    errors?: { message: string; extensions: { code: string } }[];
  };
  const error = told.errors?.[0];
  if (error !== undefined) throw new Refused(error.extensions.code, error.message);
  if (told.data === undefined) throw new Error(`no data, status ${answer.status}`);
  return told.data;
}

async function firm(uscc: string) {
  const { enterprise } = await ask(FirmDocument, { uscc });
  if (enterprise === null) return null;
  return {
    name: part(NameFragmentDoc, enterprise).name,
    state: enterprise.state,
    ratings: enterprise.ratings.edges.map(({ node }) => [node.standardKey, node.grade, node.score, node.periodFrom]),
    points: enterprise.ratings.edges.flatMap(({ node }) => node.points.map((point) => point.points)),
    bases: enterprise.ratings.edges.flatMap(({ node }) =>
      node.bases.edges.map(({ node: { record } }) => {
        const line = part(RecordLineFragmentDoc, record);
        return line && [line.__typename, line.documentNumber];
      }),
    ),
    penalties: enterprise.penalties.edges.map(({ node }) => [
      node.documentNumber,
      node.fineYuan,
      node.decidedOn,
      node.disclosure.from,
      node.disclosure.disputed,
    ]),
    lists: enterprise.listEntries.edges.map(({ node }) => [node.kind, node.listedOn, node.measures.length]),
  };
}

async function pages(uscc: string, next: 'first' | 'last'): Promise<string[]> {
  const numbers: string[] = [];
  let cursor: string | null = null;
  for (;;) {
    const turning: Partial<LicencePagesQueryVariables> =
      next === 'first' ? { first: 3, after: cursor } : { last: 3, before: cursor };
    const { enterprise } = await ask(LicencePagesDocument, { uscc, ...turning });
    if (enterprise === null) throw new Error(`unknown firm ${uscc}`);
    const page = enterprise.licences.edges.map(({ node }) => node.documentNumber);
    numbers.splice(next === 'first' ? numbers.length : 0, 0, ...page);
    const info = part(TurningFragmentDoc, enterprise.licences.pageInfo);
    if (!(next === 'first' ? info.hasNextPage : info.hasPreviousPage)) return numbers;
    cursor = next === 'first' ? info.endCursor : info.startCursor;
  }
}

async function node(id: string) {
  const found = (await ask(NodeDocument, { id })).node;
  switch (found?.__typename) {
    case 'Enterprise':
      return [found.__typename, found.uscc, found.listEntries.totalCount];
    case 'Vehicle':
      return [found.__typename, found.plate, found.driver?.__typename === 'Practitioner' && found.driver.certificateNumber];
    case 'Penalty':
      return [found.__typename, found.documentNumber, found.fineYuan];
    default:
      return found ?? null;
  }
}

async function agency(code: string) {
  const { agency, service } = await ask(AgencyDocument, { code });
  return [agency?.name, agency?.units.edges.map(({ node }) => [node.code, node.parent?.code]), service?.today];
}

async function vehicle(plate: string) {
  const { vehicle: found } = await ask(VehicleDocument, { plate, colour: 'YELLOW' });
  return found && [found.plate, found.colour, found.purpose, found.holder?.__typename === 'Enterprise' && found.holder.name];
}

async function practitioner(certificateNumber: string) {
  const { practitioner: found } = await ask(PractitionerDocument, { certificateNumber });
  return found && [found.name, found.certificateNumber, found.ratings.edges.map(({ node }) => [node.standardKey, node.grade])];
}

async function lists(quarter: string) {
  const { listEntries: page } = await ask(ListsOfQuarterDocument, { quarter, kind: 'OVERLOAD' });
  const entries = page.edges.map(({ node }) => [node.kind, node.listedOn, node.party?.__typename === 'Enterprise' && node.party.uscc]);
  return [page.totalCount, page.totalCountCapped, page.pageInfo.hasNextPage, entries];
}

async function ratings(standard: string, year: number) {
  const { counts, best } = await ask(RatingsOfYearDocument, { standard, year, grade: 'AAA' });
  const parties = best.edges.map(({ node }) => [node.score, node.party && 'name' in node.party && node.party.name]);
  return [counts.filter((each) => each.count > 0).map((each) => [each.year, each.grade, each.count]), parties];
}

async function again(ids: string[]) {
  return (await ask(NodesDocument, { ids })).nodes.map(
    (each) => each && [each.__typename, 'documentNumber' in each ? each.documentNumber : null],
  );
}

async function whoAmI() {
  const { viewer } = await askInFull(WhoAmIDocument, {});
  return viewer && [viewer.name, viewer.door, viewer.partnerCode, viewer.agency, viewer.pointsLimit];
}

async function words(on: string) {
  const read = await ask(WordsDocument, { standard: 'road_enterprise_quality', on, term: 'penalty.general', word: 'Penalty' });
  const grades = read.standards.map((standard) => standard.grades.map((each) => each.grade));
  return [grades, read.disclosureTerms.map((term) => term.longestMonths), read.glossary.map((word) => word.term)];
}

async function refusal(): Promise<string> {
  try {
    await ask(LicencePagesDocument, { uscc: given.uscc, first: 101 });
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
  return 'nothing was refused';
}

type Given = {
  address: string;
  key: string;
  uscc: string;
  ids: Record<string, string>;
  agency: string;
  plate: string;
  certificateNumber: string;
  day: string;
};
const given = JSON.parse(process.argv[2] ?? '') as Given;

const nodes: Record<string, unknown> = {};
for (const [name, id] of Object.entries(given.ids)) nodes[name] = await node(id);
console.log(
  JSON.stringify({
    firm: await firm(given.uscc),
    unknown: await firm('91110000600037341L'),
    forward: await pages(given.uscc, 'first'),
    backward: await pages(given.uscc, 'last'),
    nodes,
    again: await again(Object.values(given.ids)),
    agency: await agency(given.agency),
    vehicle: await vehicle(given.plate),
    practitioner: await practitioner(given.certificateNumber),
    lists: await lists('2026Q2'),
    ratings: await ratings('road_enterprise_quality', 2025),
    me: await whoAmI(),
    words: await words(given.day),
    refusal: await refusal(),
  }),
);
