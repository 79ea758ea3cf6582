import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { storedFile, type AssetStore, type CmkClient } from '../../client/index.ts';
import type { Asset } from '../../core/asset.ts';
import { OWNER } from './whole-system.ts';

/** A service's sealed files: a folder an asset. */
export class AssetFolders implements AssetStore {
  readonly root: string;
  /** Called before a file is replaced. */
  onReplace: () => void = () => undefined;

  constructor(root: string) {
    this.root = root;
  }

  /** Seals a file of an asset. @returns what protects it */
  async seal(client: CmkClient, asset: Asset, name: string, content: Uint8Array): Promise<string> {
    const stream = client.encrypt(content, { asset, owner: OWNER });
    const sealed = await buffer(stream);
    mkdirSync(join(this.root, asset.id), { recursive: true });
    writeFileSync(join(this.root, asset.id, name), sealed);
    return (await stream.started).protection;
  }

  paths(asset: Asset): string[] {
    const folder = join(this.root, asset.id);
    return readdirSync(folder).map((name) => join(folder, name));
  }

  /** Every file of these assets as it is now. */
  read(assets: readonly Asset[]): { asset: Asset; path: string; sealed: Buffer }[] {
    return assets.flatMap((asset) =>
      this.paths(asset).map((path) => ({ asset, path, sealed: readFileSync(path) })),
    );
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as the interface wants it
  async *open(asset: Asset) {
    for (const path of this.paths(asset)) {
      const file = storedFile(path);
      yield {
        ...file,
        replace: async (sealed: AsyncIterable<Uint8Array>) => {
          this.onReplace();
          await file.replace(sealed);
        },
      };
    }
  }
}
