import type { QueryEditorHelpProps } from '@grafana/data';
import { Card, TextLink } from '@grafana/ui';

import { DOCS } from '../config/settings';
import { startWith, STARTERS } from '../query/defaults';
import type { AnalyticsQuery } from '../query/model';

/** The help of the query editor: queries to begin with, and what to know about days. */
export function CheatSheet({ query, onClickExample }: QueryEditorHelpProps<AnalyticsQuery>) {
  return (
    <div>
      <h2>Queries to start with</h2>
      {STARTERS.map((starter) => (
        <Card key={starter.title} onClick={() => onClickExample(startWith(query, starter))}>
          <Card.Heading>{starter.title}</Card.Heading>
          <Card.Description>{starter.description}</Card.Description>
        </Card>
      ))}
      <h2>Days</h2>
      <p>
        The Hub counts downloads by UTC day and publishes a day after it has ended. A time range of a few hours has no data of its
        own; the last month always has 30 days, which end with the last recorded day. A day without a record has no point.
      </p>
      <p>
        <TextLink href={DOCS} external inline>
          Documentation of the queries
        </TextLink>
      </p>
    </div>
  );
}
