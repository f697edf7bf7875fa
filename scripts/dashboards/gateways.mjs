// What gateways are asked, and how they answer.
import { board } from './board.mjs';
import { I, quantile, rate } from './expressions.mjs';
import { graph } from './panel.mjs';

const REQUESTS = [
  graph({
    title: 'Requests',
    says: 'By route. 429: a caller asks more than its rate; --rate-limit.',
    unit: 'reqps',
    isStacked: true,
    lines: [[rate(`goflow_http_requests_total{${I}}`, 'method, route'), '{{method}} {{route}}']],
  }),
  graph({
    title: 'Answered with errors',
    says: 'By route and status. 401 and 403: tokens. 4xx else: who asks is wrong. 499: it did not wait. 503: Redis is away. 500: the log says what.',
    unit: 'reqps',
    lines: [
      [
        rate(`goflow_http_requests_total{${I},status=~"4..|5.."}`, 'route, status'),
        '{{route}} {{status}}',
      ],
    ],
  }),
  graph({
    title: 'Time of a request',
    says: '99 % are faster, by route. Waits for results and streams of events last as long as they are open.',
    unit: 's',
    lines: [[quantile(0.99, `goflow_http_request_seconds_bucket{${I}}`, 'route'), '{{route}}']],
  }),
  graph({
    title: 'Streams of events',
    says: 'Open ones, of tasks and of pages. Each is a connection.',
    lines: [[`sum by (of) (goflow_http_event_streams{${I}})`, '{{of}}']],
  }),
];

export const gateways = () =>
  board({
    uid: 'goflow-gateways',
    title: 'goflow gateways',
    says: 'What gateways are asked, and how they answer.',
    variables: ['instance'],
    page: '',
    rows: [['Requests', REQUESTS]],
  });
