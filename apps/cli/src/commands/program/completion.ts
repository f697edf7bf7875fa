import { invalidOption } from '@goflow/shared';
import type { RunCommand } from '../../command.js';
import { bashScript } from '../../completion/bash.js';
import { fishScript } from '../../completion/fish.js';
import { placesOf } from '../../completion/places.js';
import { zshScript } from '../../completion/zsh.js';
import { EXIT } from '../../exit-code.js';
import { SETTING_OPTIONS } from '../../settings/setting-options.js';
import { GROUPS } from '../groups.js';
import { COMMANDS, PROGRAMS } from '../index.js';

const SHELLS = new Map([
  ['bash', bashScript],
  ['zsh', zshScript],
  ['fish', fishScript],
]);

/** `goflow completion <shell>` */
export const run: RunCommand = async ([shell = ''], _options, { out }) => {
  const script = SHELLS.get(shell);
  if (!script) throw invalidOption('shell', [...SHELLS.keys()].join(', '), shell);
  const commands = COMMANDS.map((spec) => ({
    ...spec,
    options: [...(spec.options ?? []), ...SETTING_OPTIONS, HELP],
  }));
  const programs = await Promise.all(
    PROGRAMS.map(async (spec) => ({ ...spec, options: [...(await spec.flags()), HELP] })),
  );
  const everywhere = [...SETTING_OPTIONS, HELP, { flags: '-V, --version', help: 'the version' }];
  const places = placesOf([...commands, ...programs], { groups: GROUPS, everywhere });
  const text = script(places).trimEnd();
  out.answer({ shell, script: text }, () => [text]);
  return EXIT.done;
};

const HELP = { flags: '-h, --help', help: 'tell more' };
