"""An item's page for one item, store, language and instant: its words, its look, its bytes."""
