import { testStory } from '../support/told-story.ts';

for (const kms of ['azure', 'oci', 'transit'] as const) testStory(kms);
