' What Crumb and Crust keeps.
TABLE customers READ BY "admin;office"
    id          integer key
    name        string(120)
    email       string(200)
    phone       string(40)
    born        date
    letters     boolean
    since       datetime
END TABLE

TABLE orders
    id SERIAL PRIMARY KEY,
    number VARCHAR(40) NOT NULL UNIQUE,
    customer_id INTEGER REFERENCES customers(id) ON DELETE CASCADE,
    what VARCHAR(80) DEFAULT 'rye bread',
    amount INTEGER DEFAULT 1 CHECK (amount > 0),
    price DECIMAL(10,2),
    total DECIMAL(12,2) GENERATED ALWAYS AS (amount * price) STORED,
    status VARCHAR(20) DEFAULT 'open',
    day DATE
END TABLE

CREATE INDEX idx_orders_day ON orders(day)
