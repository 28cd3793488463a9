// SPDX-License-Identifier: MIT
// npm run docs:messages

import {writeFileSync} from 'node:fs';
import {messagesText} from './messages.ts';

writeFileSync('docs/messages.md', messagesText());
