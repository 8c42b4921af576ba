"""Conference rooms: the rules, the SFU behind them, and the WebSocket of browsers (`docs/rooms.md`)."""
