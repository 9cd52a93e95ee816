// Where a phone keeps what it has to send and what it last knew, so that closing
// the page or an empty battery loses nothing. One database an account: what one
// person left is never sent, or seen, by another.
import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from 'idb'
import type { Item } from './outbox'

/** A position as it is posted. */
export interface Position {
  lon: number
  lat: number
  accuracy_meters?: number
  heading_degrees?: number
  speed_mps?: number
  at: string
}

/** What the sender needs of a store; tests give one in memory. */
export interface OutboxStore {
  items(): Promise<Item[]>
  save(changed: readonly Item[], gone: readonly string[]): Promise<void>
  positions(): Promise<Position[]>
  savePositions(positions: readonly Position[]): Promise<void>
  value(name: string): Promise<unknown>
  setValue(name: string, value: unknown): Promise<void>
  close(): void
}

interface Schema extends DBSchema {
  items: { key: string; value: Item }
  values: { key: string; value: unknown }
}

export const storeName = (accountId: number): string => `yiping-phone-${accountId}`

/** Opens the account's store in IndexedDB. */
export async function openStore(accountId: number): Promise<OutboxStore> {
  const db = await openDB<Schema>(storeName(accountId), 1, {
    upgrade(fresh) {
      fresh.createObjectStore('items', { keyPath: 'key' })
      fresh.createObjectStore('values')
    },
  })
  return new IndexedStore(db)
}

/** Forgets everything an account left on this device. */
export function deleteStore(accountId: number): Promise<void> {
  return deleteDB(storeName(accountId))
}

class IndexedStore implements OutboxStore {
  constructor(private readonly db: IDBPDatabase<Schema>) {}

  async items(): Promise<Item[]> {
    const all = await this.db.getAll('items')
    return all.sort((a, b) => a.seq - b.seq)
  }

  async save(changed: readonly Item[], gone: readonly string[]): Promise<void> {
    const tx = this.db.transaction('items', 'readwrite', { durability: 'strict' })
    await Promise.all([...changed.map((i) => tx.store.put(i)), ...gone.map((key) => tx.store.delete(key)), tx.done])
  }

  async positions(): Promise<Position[]> {
    const kept = await this.db.get('values', 'positions')
    return Array.isArray(kept) ? (kept as Position[]) : []
  }

  async savePositions(positions: readonly Position[]): Promise<void> {
    if (positions.length === 0) await this.db.delete('values', 'positions')
    else await this.db.put('values', [...positions], 'positions')
  }

  value(name: string): Promise<unknown> {
    return this.db.get('values', name)
  }

  async setValue(name: string, value: unknown): Promise<void> {
    await this.db.put('values', value, name)
  }

  close(): void {
    this.db.close()
  }
}

/** A store in memory: for a browser that refuses IndexedDB (private windows), and for tests. */
export function memoryStore(): OutboxStore {
  const items = new Map<string, Item>()
  const values = new Map<string, unknown>()
  let positions: readonly Position[] = []
  return {
    items: async () => [...items.values()].sort((a, b) => a.seq - b.seq),
    save: async (changed, gone) => {
      for (const item of changed) items.set(item.key, item)
      for (const key of gone) items.delete(key)
    },
    positions: async () => [...positions],
    savePositions: async (kept) => {
      positions = [...kept]
    },
    value: async (name) => values.get(name),
    setValue: async (name, value) => {
      values.set(name, value)
    },
    close: () => {},
  }
}
