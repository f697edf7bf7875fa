import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { combineTasks } from './combine-tasks.js';
import { contractOf, defineTasks, type Tasks } from './define-tasks.js';

const definitions = {
  bill: { bill: { payload: z.number(), result: z.null(), queue: 'bills' } },
  mail: { 'mail.send': { payload: z.string(), result: z.boolean() } },
};
const bills = defineTasks(definitions.bill);
const mails = defineTasks(definitions.mail);

test('is one contract with the types of all, as they were resolved', () => {
  const tasks = combineTasks(bills, mails, defineTasks({}));
  expect([...tasks.contracts.keys()]).toEqual(['bill', 'mail.send']);
  expect(contractOf(tasks, 'bill')).toBe(contractOf(bills, 'bill'));
  expect(tasks.definitions).toEqual({ ...definitions.bill, ...definitions.mail });
  expect(tasks).toEqual(defineTasks({ ...bills.definitions, ...mails.definitions }));
  expectTypeOf(tasks.definitions['mail.send'].payload).toEqualTypeOf<z.ZodString>();
  expectTypeOf<keyof typeof tasks.definitions>().toEqualTypeOf<'bill' | 'mail.send'>();
  expectTypeOf(tasks).toExtend<Tasks>();
});

test('refuses a type that two have, and what is no contract', () => {
  expect(() => combineTasks(bills, mails, bills)).toThrow(
    'Expected `tasks` to be contracts that have no task type in common, got "bill" (string)',
  );
  for (const wrong of [undefined, null, {}, definitions.bill])
    expect(() => combineTasks(bills, wrong as never)).toThrow(
      'Expected `tasks` to be what defineTasks() returned',
    );
});

test.each([
  ['spread', { ...bills, ...mails }],
  ['itself', bills],
  ['as a type', { bills }],
])(
  'defineTasks says what is to be done with a contract in place of definitions: %s',
  (_, given) => {
    expect(() => defineTasks(given as never)).toThrow(
      /^Expected `\w+` to be .*: of contracts combineTasks\(a, b\) makes one, got an object \(object\)$/,
    );
  },
);
