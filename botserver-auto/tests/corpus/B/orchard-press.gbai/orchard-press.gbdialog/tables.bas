REM The books of the press at Pomander Hill

TABLE socios READ BY "office;press" WRITE BY "office"
    FIELD id AS integer key
    FIELD nombre AS string(80)
    pueblo      string(max)
    alta        date
    kilos       double
    iban        string(34) READ BY "office" WRITE BY "office"
END TABLE

table entregas
    id UUID PRIMARY KEY DEFAULT uuid_generate_v4(),
    socio INTEGER NOT NULL REFERENCES socios(id) ON DELETE CASCADE,
    especie VARCHAR(20) NOT NULL CHECK (especie IN ('manzana', 'pera', 'albaricoque')),
    palots INTEGER DEFAULT 1,
    kg DECIMAL(9,1) NOT NULL,
    importe DECIMAL(10,2),
    notas TEXT[],
    clase VARCHAR(10) GENERATED ALWAYS AS (
        CASE WHEN kg > 1000 THEN 'grande'
             ELSE 'normal' END
    ) STORED,
    fecha TIMESTAMP DEFAULT NOW(),
    UNIQUE(socio, fecha)
end table

' The older form: a star marks what rows are matched by.
TABLE Bottles ON cellar
    Lot* string(12)
    Litres double
    Pressed datetime
    OwnerId socios
END TABLE

CREATE INDEX idx_entregas_socio ON entregas(socio)
CREATE INDEX idx_entregas_fecha ON entregas(fecha)
